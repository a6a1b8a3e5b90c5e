"""As much of PostgreSQL's protocol as a benchmark needs: a login by SCRAM-SHA-256, and simple queries."""

import base64
import hashlib
import hmac
import os
import socket
import struct
from urllib.parse import unquote, urlsplit


class Refused(Exception):
    """What the server said; its connection is of no use if it was a FATAL."""


class Connection:
    def __init__(self, url, timeout=30):
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")
        words = ["user", unquote(parts.username), "database", parts.path.lstrip("/"), ""]
        body = struct.pack("!i", 3 << 16) + b"".join(word.encode() + b"\0" for word in words)
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self._authenticate(unquote(parts.password))
        self._until_ready()

    def _send(self, kind, body):
        self.socket.sendall(kind + struct.pack("!i", len(body) + 4) + body)

    def _receive(self):
        head = self.stream.read(5)
        if len(head) < 5:
            raise ConnectionError("the server has gone")
        body = self.stream.read(struct.unpack("!i", head[1:])[0] - 4)
        if head[:1] == b"E":
            fields = dict((field[:1], field[1:].decode(errors="replace")) for field in body.split(b"\0") if field)
            raise Refused(fields.get(b"M", "an error without words"))
        return head[:1], body

    def _authenticate(self, password):
        nonce = base64.b64encode(os.urandom(18)).decode()
        first = f"n=,r={nonce}"
        while True:
            kind, body = self._receive()
            if kind != b"R":
                raise ConnectionError(f"{kind} in the middle of a login")
            step = struct.unpack("!i", body[:4])[0]
            if step == 0:
                return
            if step == 10:
                text = b"n,," + first.encode()
                self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!i", len(text)) + text)
            elif step == 11:
                self._send(b"p", _scram_final(password, first, body[4:].decode()).encode())
            elif step != 12:
                raise ConnectionError(f"the server asks for authentication {step}")

    def _until_ready(self):
        rows = []
        error = None
        while True:
            try:
                kind, body = self._receive()
            except Refused as refused:
                error = refused
                continue
            if kind == b"D":
                rows.append(_columns(body))
            elif kind == b"Z":
                if error:
                    raise error
                return rows

    def query(self, sql):
        """The rows, as lists of texts. Returns when the server has acknowledged it."""
        self._send(b"Q", sql.encode() + b"\0")
        return self._until_ready()

    def close(self):
        self.socket.close()


def _columns(body):
    columns, at = [], 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        size = struct.unpack("!i", body[at : at + 4])[0]
        at += 4
        columns.append(None if size < 0 else body[at : at + size].decode())
        at += max(size, 0)
    return columns


def _scram_final(password, first, server):
    fields = dict(field.split("=", 1) for field in server.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    bare = f"c=biws,r={fields['r']}"
    signature = hmac.digest(hashlib.sha256(key).digest(), f"{first},{server},{bare}".encode(), "sha256")
    return f"{bare},p={base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()}"
