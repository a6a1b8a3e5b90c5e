"""how long a new database and a fork of 1 GB take, against their targets and cp -r"""

from database_files import create, fork
from harness import Stoa


def main():
    with Stoa() as stoa:
        create(stoa)
        fork(stoa)


main()
