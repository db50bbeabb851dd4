// A client not written in Go: it makes one cluster with plain AWS calls and prints
// what the region answers, as one line of JSON. Usage: node client.mjs SCENARIO
const files = ['join', 'capacity', 'health', 'addons', 'access', 'conflicts', 'subnets'];
const scenarios = Object.assign({}, ...(await Promise.all(files.map((f) => import(`./scenarios/${f}.mjs`)))));
console.log(JSON.stringify(await scenarios[process.argv[2]]()));
process.exit();
