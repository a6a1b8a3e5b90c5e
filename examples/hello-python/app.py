import os
import signal
import sys

from flask import Flask

VERSION = "1"

app = Flask(__name__)


@app.get("/")
def hello():
    return f"Hello from Stoa\nhello-python, version {VERSION}\n", {"Content-Type": "text/plain"}


def stop(signum, frame):
    print("hello-python got SIGTERM and ends")
    sys.exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    app.run(host="0.0.0.0", port=int(os.environ.get("PORT", "8000")))
