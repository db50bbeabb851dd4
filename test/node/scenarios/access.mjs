// Who may call Kubernetes: facts/eks.md §5 row 36, and RBAC behind it.
import { CreateAccessEntryCommand, AssociateAccessPolicyCommand, DisassociateAccessPolicyCommand } from '@aws-sdk/client-eks';
import { STSClient, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { once, eks, cluster, network, create, kube, sleep } from '../lib.mjs';

export async function noEntry() {
  await create(await network(), {}, { accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false } });
  const nodes = async () => { const r = await kube('GET', '/api/v1/nodes'); return { code: r.code, reason: r.body.reason, message: r.body.message }; };
  const out = { unauthorized: await nodes() };
  const me = { clusterName: cluster, principalArn: (await new STSClient(once).send(new GetCallerIdentityCommand({}))).Arn };
  await eks.send(new CreateAccessEntryCommand({ ...me, kubernetesGroups: ['watchers'] }));
  await sleep(15);
  out.forbidden = await nodes();
  const admin = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';
  await eks.send(new AssociateAccessPolicyCommand({ ...me, policyArn: admin, accessScope: { type: 'cluster' } }));
  out.admin = await nodes();
  const rbac = (kind, body) => kube('POST', `/apis/rbac.authorization.k8s.io/v1/${kind}`, { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'watchers' }, ...body });
  await rbac('clusterroles', { kind: 'ClusterRole', rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }] });
  await rbac('clusterrolebindings', { kind: 'ClusterRoleBinding', roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'watchers' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'watchers' }] });
  await eks.send(new DisassociateAccessPolicyCommand({ ...me, policyArn: admin }));
  out.bound = await nodes();
  const can = async (resource) => (await kube('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { verb: 'list', resource } } })).body.status.allowed;
  out.can = [await can('nodes'), await can('pods')];
  out.pods = (await kube('GET', '/api/v1/pods')).code;
  return out;
}
