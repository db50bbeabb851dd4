// Adds what a member's value may be (length, range, pattern) to the models in model/, from the v1 SDK's api-2.json:
// node constraints.mjs FOLDER, where FOLDER is models/apis of the module github.com/aws/aws-sdk-go v1.55.8. The models that
// npm's clients hold have none. EC2 is left out: its API answers for itself. A service that npm does not serve (eks-auth) is
// made from the same file.
import fs from 'fs';
import zlib from 'zlib';
const apis=process.argv[2];
const of={eks:'eks/2017-11-01',cloudformation:'cloudformation/2010-05-15',iam:'iam/2010-05-08',sts:'sts/2011-06-15',autoscaling:'autoscaling/2011-01-01',ssm:'ssm/2014-11-06',kms:'kms/2014-11-01',logs:'logs/2014-03-28',servicequotas:'service-quotas/2019-06-24',events:'eventbridge/2015-10-07',elasticloadbalancing:'elasticloadbalancing/2012-06-01',elasticloadbalancingv2:'elasticloadbalancingv2/2015-12-01',pricing:'pricing/2017-10-15',cloudtrail:'cloudtrail/2013-11-01','eks-auth':'eks-auth/2023-11-26'};
const limits=['min','max','pattern'];
const v1=p=>JSON.parse(fs.readFileSync(`${apis}/${p}/api-2.json`));
const file=s=>`model/${s}.json.gz`;
function made(api){ // a model of a service, from its v1 description alone
  const m={service:api.metadata.signingName,pkg:'aws-sdk-go 1.55.8',protocol:'AwsRestJsonProtocol',version:api.metadata.apiVersion,ops:{},shapes:{}};
  for(const[n,o]of Object.entries(api.operations))m.ops[n]={http:[o.http.method,o.http.requestUri,o.http.responseCode||200],in:'#'+o.input.shape,out:'#'+o.output.shape};
  for(const[n,s]of Object.entries(api.shapes))if(s.type==='structure'){
    const req=s.required||[],names=[...req,...Object.keys(s.members).filter(x=>!req.includes(x))];
    m.shapes[n]={k:s.exception?'error':'struct',m:Object.fromEntries(names.map(x=>{const r=s.members[x],t=api.shapes[r.shape];return[x,{t:t.type==='structure'?'#'+r.shape:t.type==='timestamp'?'timestamp':'string',...(r.location==='uri'&&{httpLabel:1})}];})),...(req.length&&{req})};
  }
  return m;
}
for(const[svc,path]of Object.entries(of)){
  const api=v1(path);
  const m=fs.existsSync(file(svc))?JSON.parse(zlib.gunzipSync(fs.readFileSync(file(svc)))):made(api);
  let n=0;
  const put=(ref,shape,deep)=>{
    for(const l of limits){delete ref[l];if(l in shape){ref[l]=shape[l];n++;}}
    const inner=ref.t.startsWith('#')?m.shapes[ref.t.slice(1)]:ref;
    if(shape.type==='list'&&inner.m&&deep<9)put(inner.m,api.shapes[shape.member.shape],deep+1);
    if(shape.type==='map'&&inner.v&&deep<9)put(inner.v,api.shapes[shape.value.shape],deep+1);
  };
  for(const[name,shape]of Object.entries(api.shapes)){
    const s=m.shapes[name];
    if(shape.type==='structure'&&s&&s.m)for(const[k,r]of Object.entries(shape.members))if(s.m[k])put(s.m[k],api.shapes[r.shape],0);
  }
  fs.writeFileSync(file(svc),zlib.gzipSync(JSON.stringify(m),{level:9}));
  console.log(svc,n,'limits');
}
