"""Writes policies.tsv.gz, the AWS managed policies: path and name, default version,
when it was made and changed, and the default version's document, a line each.

They come from moto (pip install moto==5.2.1), which lists them with IAM's own
ListPolicies and GetPolicyVersion; the list in that release is of 1 May 2026.
Run it in this directory: python3 extract.py
"""

import gzip
import json

from moto.iam.aws_managed_policies import aws_managed_policies_data

rows = []
for name, p in json.loads(aws_managed_policies_data).items():
    document = json.dumps(p["Document"], separators=(",", ":"), ensure_ascii=True)
    rows.append("\t".join([p["Path"] + name, p["DefaultVersionId"], p["CreateDate"], p["UpdateDate"], document]))
rows.sort()
with open("policies.tsv.gz", "wb") as f, gzip.GzipFile(filename="", mode="wb", fileobj=f, mtime=0, compresslevel=9) as z:
    z.write("\n".join(rows).encode())
print(len(rows), "policies")
