# A registry of modules on loopback, for Terraform without a network: python3 registry.py FOLDER prints its address, and serves
# the checkouts terraform-aws-NAME of the folder as terraform-aws-modules/NAME/aws, each with the version that its tag names.
import http.server
import json
import pathlib
import re
import subprocess
import sys

folder = pathlib.Path(sys.argv[1]).resolve()


def version(checkout):
    tag = subprocess.run(["git", "-C", checkout, "describe", "--tags"], capture_output=True, text=True, check=True).stdout
    return tag.strip().lstrip("v")


class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        m = re.fullmatch(r"/terraform-aws-modules/([a-z0-9-]+)/aws/(versions|([0-9.]+)/download)", self.path)
        checkout = folder / f"terraform-aws-{m[1]}" if m else None
        if not m or not checkout.is_dir():
            self.send_error(404)
        elif m[2] == "versions":
            body = json.dumps({"modules": [{"versions": [{"version": version(checkout)}]}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)
        else:
            self.send_response(204)
            self.send_header("X-Terraform-Get", checkout.as_uri())
            self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
