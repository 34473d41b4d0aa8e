#!/usr/bin/env python3
"""What is installed, packed and put into an image runs where it is put.

usage: package_test.py DIRECTORY-OF-THE-PROGRAMS [unittest arguments]
"""
import ctypes
import encodings.idna  # noqa: F401  Python looks for it when it is too late, in the root below
import fcntl
import json
import os
import pathlib
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest
import urllib.request

sys.dont_write_bytecode = True
from fakes import BIN, Case, FAKEWIX, SANITIZED, TOKEN_REQUEST, environment  # noqa: E402

TREE = BIN.parent
ROOT = pathlib.Path(__file__).resolve().parents[3]
VERSION = subprocess.run([FAKEWIX, "--version"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout.split()[-1]
API = "https://www.wixapis.com/apps/v1/instance"
IMAGE_MAX = 40 * 1000 * 1000


class Installed(Case):
    def check(self, top):
        """All of it works from there, and nothing of it looks back to where it was built."""
        done = subprocess.run([top / "bin/fakewix", "run", "--route", "preload", "--",
                               sys.executable, "-c", "import urllib.request as u, urllib.error as e\n"
                               f"try: u.urlopen('{API}')\nexcept e.HTTPError as x: print(x.code)"],
                              env=environment(), text=True, capture_output=True, timeout=60)
        self.assertEqual(done.stdout, "401\n", done.stderr)
        listed = subprocess.run([top / "bin/fakewix-conform", "list", "--json"], env=environment(),
                                text=True, capture_output=True, check=True, timeout=60)
        self.assertTrue(json.loads(listed.stdout)["scenarios"])
        judged = subprocess.run([top / "bin/fakewix-conform", "run", "--only",
                                 "acquisition/*", "--command", "exit 77"],
                                env=environment(FAKEWIX_BIN=None), text=True,
                                capture_output=True, timeout=60)
        self.assertIn(judged.returncode, (0, 3), judged.stdout + judged.stderr)
        for name in "README.md", "LICENSE", "CLIENT-CLOCK.md", "guides/docker-compose.md":
            self.assertTrue((top / "share/doc/fakewix" / name).is_file(), name)
        if not SANITIZED:  # then the library is an archive that does not stand alone
            self.compile_against(top)

    def compile_against(self, top):
        """The guide's program, as somebody has it who installed fakewix: by pkg-config alone."""
        env = environment(PKG_CONFIG_PATH=top / "lib/pkgconfig")

        def flags(*words):
            return subprocess.run(["pkg-config", *words], env=env, check=True, text=True,
                                  stdout=subprocess.PIPE).stdout.split()
        program, library = self.folder / "program", flags("--variable=libdir", "fakewix")[0]
        subprocess.run([os.environ.get("CC", "cc"), TREE / "server/tests/guide_test.c", "-o", program,
                        *flags("--cflags", "--libs", "fakewix", "check", "libcjson", "libcurl"),
                        f"-Wl,-rpath,{library}"], check=True, timeout=120)
        loaded = subprocess.run(["ldd", program], check=True, text=True, stdout=subprocess.PIPE).stdout
        self.assertEqual(os.path.realpath(loaded.split("libfakewix.so.0 => ")[1].split()[0]),
                         os.path.realpath(top / "lib/libfakewix.so.0"))
        done = subprocess.run([program], text=True, capture_output=True, timeout=60)
        self.assertIn("100%: Checks: 3, Failures: 0, Errors: 0", done.stdout, done.stderr)
        self.assertEqual(flags("--modversion", "fakewix"), [VERSION])

    def test_runs_where_it_was_moved_to(self):
        subprocess.run(["cmake", "--install", TREE, "--prefix", self.folder / "a"], check=True,
                       capture_output=True, timeout=120)
        moved = self.folder / "b" / "c"
        moved.parent.mkdir()
        (self.folder / "a").rename(moved)
        self.check(moved)

    def test_tarball_runs_where_it_is_unpacked(self):
        subprocess.run(["cpack", "--config", TREE / "CPackConfig.cmake", "-B", self.folder / "out"],
                       cwd=self.folder, check=True, capture_output=True, timeout=120)
        tarball, = (self.folder / "out").glob("fakewix-*.tar.gz")
        with tarfile.open(tarball) as archive:
            archive.extractall(self.folder)
        top, = self.folder.glob("fakewix-*")
        self.check(top)

    @unittest.skipUnless(os.environ.get("FAKEWIX_LONG"), "long: it compiles a release")
    def test_release_brings_its_libraries(self):
        out = subprocess.run([ROOT / "scripts/package", self.folder / "out"], check=True, text=True,
                             stdout=subprocess.PIPE, timeout=900).stdout
        with tarfile.open(out.strip()) as archive:
            archive.extractall(self.folder)
        top, = self.folder.glob("fakewix-*")
        self.check(top)
        for name in "fakewix", "fakewix-conform":
            lines = subprocess.run(["ldd", top / "bin" / name], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.splitlines()
            outside = {line.split()[0].split(".so")[0].rsplit("/", 1)[-1] for line in lines
                       if str(top) not in line}
            self.assertLessEqual(outside, {"linux-vdso", "libc", "libm", "libresolv",
                                           "ld-linux-x86-64", "ld-linux-aarch64"})


def enter_root(root, is_root):
    """In the child: a network of its own where loopback is up, and the image's root."""
    new_user, new_net, new_mounts = 0x10000000, 0x40000000, 0x20000
    libc = ctypes.CDLL(None, use_errno=True)
    user = os.geteuid()
    if libc.unshare(new_net | new_mounts | (0 if is_root else new_user)):
        os._exit(77)
    if not is_root:
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))
    os.chroot(root)
    os.chdir("/")


@unittest.skipIf(SANITIZED, "built with sanitizers")
class Image(Case):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.file = cls.build(pathlib.Path(holder.name) / "image.tar")

    @staticmethod
    def build(file):
        subprocess.run([ROOT / "scripts/image", "--preset", TREE.name, file], check=True,
                       capture_output=True, timeout=120)
        return file

    def blob(self, layout, descriptor):
        return layout / "blobs" / descriptor["digest"].replace(":", "/")

    def unpack(self, file):
        """The root, and the settings, found as an engine finds them."""
        layout, root = self.folder / "layout", self.folder / "root"
        with tarfile.open(file) as archive:
            archive.extractall(layout)
        index = json.loads((layout / "index.json").read_text())
        manifest = json.loads(self.blob(layout, index["manifests"][0]).read_text())
        settings = json.loads(self.blob(layout, manifest["config"]).read_text())
        with tarfile.open(self.blob(layout, manifest["layers"][0])) as layer:
            layer.extractall(root)
        return root, settings["config"]

    def test_is_small_and_the_same_each_time(self):
        again = self.build(self.folder / "again.tar")
        self.assertLessEqual(self.file.stat().st_size, IMAGE_MAX)
        self.assertEqual(self.file.read_bytes(), again.read_bytes())

    @unittest.skipUnless(shutil.which("umoci"), "no umoci on this machine")
    def test_is_one_that_a_tool_of_others_unpacks(self):
        layout = self.folder / "layout"
        with tarfile.open(self.file) as archive:
            archive.extractall(layout)
        subprocess.run(["umoci", "unpack", "--rootless", "--image", f"{layout}:latest",
                        self.folder / "bundle"], check=True, capture_output=True, timeout=60)
        config = json.loads((self.folder / "bundle/config.json").read_text())
        self.assertEqual(config["process"]["args"][:2], ["/bin/fakewix", "serve"])

    def test_serves_by_default_and_is_healthy(self):
        root, settings = self.unpack(self.file)
        words = settings["Entrypoint"] + settings["Cmd"]
        env = dict(pair.split("=", 1) for pair in settings["Env"])
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                said = self.serve_and_ask(root, words, env, settings["Healthcheck"]["Test"][1:])
                os.write(write_end, said.encode())
            except Exception as error:
                os.write(write_end, repr(error).encode())
            finally:
                os._exit(0)
        os.close(write_end)
        said = os.read(read_end, 100000).decode()
        _, status = os.waitpid(child, 0)
        os.close(read_end)
        if os.waitstatus_to_exitcode(status) == 77:
            self.skipTest("this machine allows no namespaces")
        self.assertEqual(said, "healthy, HTTPS 200, control plane closed and open")

    def serve_and_ask(self, root, words, env, health):
        nothing = open(os.devnull, "w")
        enter_root(root, os.geteuid() == 0)
        fake = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=nothing)
        try:
            json.loads(fake.stdout.readline())
            said = "healthy" if subprocess.run(health, env=env, stderr=nothing).returncode == 0 else "ill"
            context = ssl.create_default_context(cafile="/ca/fakewix-ca.pem")
            raw = socket.create_connection(("127.0.0.1", 443), timeout=10)
            with context.wrap_socket(raw, server_hostname="www.wixapis.com") as secure:
                secure.sendall((f"POST /oauth2/token HTTP/1.0\r\nContent-Length: "
                                f"{len(TOKEN_REQUEST)}\r\nContent-Type: application/json\r\n\r\n"
                                f"{TOKEN_REQUEST}").encode())
                said += f", HTTPS {secure.recv(12).decode()[9:]}, control plane"
            url = "http://127.0.0.1:8420/_fakewix/apps"
            try:
                urllib.request.urlopen(url, timeout=10)
            except urllib.error.HTTPError as error:
                said += " closed" if error.code == 401 else f" {error.code}"
            token = {"Authorization": "Bearer " + env["FAKEWIX_CONTROL_TOKEN"]}
            urllib.request.urlopen(urllib.request.Request(url, headers=token), timeout=10)
            return said + " and open"
        finally:
            fake.terminate()
            fake.wait()


if __name__ == "__main__":
    unittest.main()
