import fs from 'fs';
import {createRequire} from 'module';const req=createRequire(import.meta.url);
const pkgs={eks:'eks',ec2:'ec2',cloudformation:'cloudformation',iam:'iam',sts:'sts',autoscaling:'auto-scaling',ssm:'ssm',kms:'kms',logs:'cloudwatch-logs',servicequotas:'service-quotas',sqs:'sqs',events:'eventbridge',elasticloadbalancing:'elastic-load-balancing',elasticloadbalancingv2:'elastic-load-balancing-v2',pricing:'pricing',cloudtrail:'cloudtrail'};
const simple={0:'string',1:'number',2:'boolean',15:'document',21:'blob',4:'timestamp',5:'date-time',6:'http-date',7:'epoch-seconds',17:'bigint',19:'bigdec',42:'blob'};
const bits=['httpLabel','idempotent','idempotencyToken','sensitive','httpPayload','httpResponseCode','httpQueryParams'];
const keep=new Set(['httpLabel','idempotencyToken','httpPayload','httpQueryParams','httpQuery','httpHeader','http','xmlName','xmlFlattened','ec2QueryName','jsonName','httpError','error','awsQueryError','timestampFormat','xmlAttribute','hostLabel']);
function traits(t){const o={};if(typeof t==='number'){bits.forEach((b,i)=>{if(t>>i&1&&keep.has(b))o[b]=1});}else if(t){for(const[k,v]of Object.entries(t))if(keep.has(k))o[k]=v;} return Object.keys(o).length?o:undefined;}
const shapes={};
function deref(s){while(typeof s==='function')s=s();return s;}
function ref(s,sh){ // returns {t, ...traits}
  s=deref(s);
  if(Array.isArray(s)&&s.length===2&&(typeof s[0]==='function'||typeof s[0]==='number'||Array.isArray(s[0])) && !(typeof s[0]==='number'&&typeof s[1]==='string')){const r=ref(s[0],sh);return {...r,...(traits(s[1])||{})};}
  if(typeof s==='number'){
    if(s>=128)return{t:'map',v:ref(s-128,sh)};
    if(s>=64)return{t:'list',m:ref(s-64,sh)};
    if(!(s in simple))throw new Error('sentinel '+s);return{t:simple[s]};}
  if(typeof s==='string')return{t:s};
  const[k,ns,name]=s;
  if(k===0){const r=ref(s[4],sh);return{...r,...(traits(s[3])||{})};} // simple w/ traits
  const id=(ns.includes('synthetic')?'$':'')+name;
  if(!(id in sh)){sh[id]=null;
    const tr=traits(s[3]);
    if(k===1)sh[id]={k:'list',...(tr&&{tr}),m:ref(s[4],sh)};
    else if(k===2)sh[id]={k:'map',...(tr&&{tr}),key:ref(s[4],sh),v:ref(s[5],sh)};
    else if(k===3||k===-3||k===4){const m={};s[4].forEach((n,i)=>m[n]=ref(s[5][i],sh));sh[id]={k:k===4?'union':k===-3?'error':'struct',...(tr&&{tr}),m,...(s[6]?{req:s[4].slice(0,s[6])}:{})};}
    else throw new Error('kind '+k+name);}
  return{t:'#'+id};}
for(const[svc,p]of Object.entries(pkgs)){
  const dir=`node_modules/@aws-sdk/client-${p}`;
  if(!fs.existsSync(dir))continue; // installed are those that are to be read anew
  const mod=req(`./${dir}/dist-cjs/index.js`);
  const rc=fs.readFileSync(`${dir}/dist-es/runtimeConfig.shared.js`,'utf8');
  const g=k=>(rc.match(new RegExp(k+':\\s*"([^"]+)"'))||[])[1];
  const proto=(rc.match(/protocol: config\?\.protocol \?\? (\w+)/)||[])[1];
  const m={service:svc,pkg:JSON.parse(fs.readFileSync(dir+'/package.json')).version,protocol:proto,version:g('version'),xmlns:g('xmlNamespace'),target:g('serviceTarget'),ops:{},shapes:{}};
  for(const v of Object.values(mod)){if(!Array.isArray(v))continue;
    if(v[0]===9){const t=v[3]&&typeof v[3]==='object'?v[3]:{};const i=deref(v[4]),o=deref(v[5]);
      m.ops[v[2]]={...(t.http&&{http:t.http}),in:ref(i,m.shapes).t,out:ref(o,m.shapes).t};}
    else if(v[0]===-3)ref(v,m.shapes);}
  const js=JSON.stringify(m);fs.mkdirSync('model',{recursive:true});fs.writeFileSync(`model/${svc}.json`,js);
  console.log(svc,proto,m.version,m.xmlns,m.target,Object.keys(m.ops).length,'ops',Object.keys(m.shapes).length,'shapes',js.length,'bytes');
}
