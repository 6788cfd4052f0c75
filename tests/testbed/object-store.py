"""OpenStack Swift whole in one process: account, container and object server, and before them the proxy with its S3 layer.

Arguments: folder for the data, access key, secret key, TLS key file, TLS certificate file.
Says "listening on PORT" once it serves.
"""
import array
import os
import sys

import eventlet

eventlet.monkey_patch()

from swift.account.server import AccountController
from swift.common import utils
from swift.common.ring import RingData
from swift.common.wsgi import ConfigString, SwiftHttpProtocol, loadapp
from swift.container.server import ContainerController
from swift.obj.server import ObjectController

folder, access_key, secret_key, key_file, certificate_file = sys.argv[1:]
rings = os.path.join(folder, "rings")
devices = os.path.join(folder, "devices")
os.makedirs(rings)
os.makedirs(os.path.join(devices, "disk"))
# Swift refuses to start without one; it is otherwise read from /etc.
utils.HASH_PATH_SUFFIX = b"test"

PROXY = f"""
[DEFAULT]
swift_dir = {rings}
[pipeline:main]
pipeline = catch_errors s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_{access_key.replace(":", "_")} = {secret_key} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


class Memory:
    """What memcached would keep."""

    def __init__(self):
        self.kept = {}

    def get(self, key, *_, **__):
        return self.kept.get(key)

    def set(self, key, value, *_, **__):
        self.kept[key] = value

    def delete(self, key, *_, **__):
        self.kept.pop(key, None)

    def incr(self, key, delta=1, *_, **__):
        self.kept[key] = max(0, int(self.kept.get(key, 0)) + delta)
        return self.kept[key]


class Nowhere:
    def write(self, *_):
        pass

    def flush(self):
        pass


def serve(socket, app):
    eventlet.spawn(eventlet.wsgi.server, socket, app, Nowhere(), protocol=SwiftHttpProtocol)


def with_memory(app):
    memory = Memory()

    def answer(env, start_response):
        env["swift.cache"] = memory
        return app(env, start_response)

    return answer


for name, controller in (("account", AccountController), ("container", ContainerController), ("object", ObjectController)):
    socket = eventlet.listen(("127.0.0.1", 0))
    port = socket.getsockname()[1]
    place = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    disk = {"id": 0, "region": 1, "zone": 1, "weight": 1.0, "device": "disk", **place}
    RingData([array.array("H", [0, 0])], [disk], 31).save(os.path.join(rings, f"{name}.ring.gz"))
    serve(socket, controller({"devices": devices, "mount_check": "false", "swift_dir": rings}))

public = eventlet.listen(("127.0.0.1", 0))
public_port = public.getsockname()[1]
secured = eventlet.wrap_ssl(public, keyfile=key_file, certfile=certificate_file, server_side=True)
serve(secured, with_memory(loadapp(ConfigString(PROXY))))
print(f"listening on {public_port}", flush=True)
while True:
    eventlet.sleep(3600)
