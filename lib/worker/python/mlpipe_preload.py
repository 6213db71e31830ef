"""The fork server of Python workers: imports the modules of `preload` once and forks a worker a request, so that workers share
them. Speaks lib/worker/scoring_server.h's frames on descriptor 3; its "open" holds the names of the modules, a line each, and the
GPUs, separated by commas.

Forking is refused where it could hang the children: after another thread was started, or CUDA was initialised.
"""
import array
import os
import select
import shutil
import signal
import socket
import struct
import sys

OPEN, FORK, OPENED, OPEN_FAILED, FORKED, FORK_FAILED, EXITED = range(1, 8)
# pyarrow's allocator: it stops this thread before each fork and sets itself up anew in the child (pthread_atfork).
FORK_SAFE = ("jemalloc_bg_thd",)
FOLDER = os.path.dirname(os.path.abspath(__file__))


def text(value):
    data = value.encode("utf-8", "backslashreplace")
    return struct.pack("<I", len(data)) + data


def texts(body):
    found = []
    while body:
        size = struct.unpack_from("<I", body)[0]
        found.append(body[4:4 + size].decode())
        body = body[4 + size:]
    return found


def prepare(names):
    """Imports the modules. Returns why nothing may be forked now, or an empty text."""
    for name in names:
        try:
            __import__(name)
        except BaseException as error:
            return "import %s: %s: %s" % (name, type(error).__name__, error)
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "importing %s initialised CUDA" % ", ".join(names)
    return threads_running()


def name_of(thread):
    try:
        with open("/proc/self/task/%s/comm" % thread) as file:
            return file.read().strip()
    except OSError:
        return FORK_SAFE[0]  # it has ended


def threads_running():
    """Why forking now could hang a child, or an empty text."""
    names = [name_of(thread) for thread in os.listdir("/proc/self/task") if int(thread) != os.getpid()]
    names = [name for name in names if name not in FORK_SAFE]
    return "importing the modules left threads running (%s)" % ", ".join(names) if names else ""


def make_die_with_parent():
    """The kernel's word that a process ends with its parent (PR_SET_PDEATHSIG); without ctypes, the end of its socket does it."""
    try:
        import ctypes
        prctl = ctypes.CDLL(None).prctl
        return lambda: prctl(1, signal.SIGKILL)
    except (ImportError, AttributeError, OSError):
        return lambda: None


class Server:
    def __init__(self):
        self.socket = socket.socket(fileno=3)
        self.socket.set_inheritable(False)
        self.data, self.descriptors, self.workers, self.gpus = bytearray(), [], {}, []
        self.started = 0
        self.die_with_parent = make_die_with_parent()
        self.poll = select.poll()
        self.poll.register(self.socket, select.POLLIN)

    def tell(self, kind, body, descriptors=()):
        frame = struct.pack("<IB", len(body) + 1, kind) + body
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        sent = self.socket.sendmsg([frame], rights)
        self.socket.sendall(frame[sent:])

    def run(self):
        while True:
            for fd, _ in self.poll.poll():
                if fd != self.socket.fileno():
                    self.reap(fd)
                elif not self.fill():
                    return
            while self.serve_one():
                pass

    def fill(self):
        data, rights, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(64), socket.MSG_CMSG_CLOEXEC)
        for level, kind, content in rights:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self.descriptors += array.array("i", content)
        self.data += data
        return bool(data)

    def serve_one(self):
        if len(self.data) < 4:
            return False
        size = struct.unpack_from("<I", self.data)[0]
        if len(self.data) < 4 + size:
            return False
        kind, body = self.data[4], bytes(self.data[5:4 + size])
        del self.data[:4 + size]
        if kind == OPEN:
            self.open(*texts(body))
        else:
            self.fork(struct.unpack("<I", body)[0])
        return True

    def open(self, modules, gpus):
        self.gpus = gpus.split(",") if gpus else []
        reason = prepare(modules.split("\n")) if hasattr(os, "pidfd_open") else "Python %s is older than 3.9" % sys.version.split()[0]
        if reason:
            return self.tell(OPEN_FAILED, text(reason))
        import gc
        gc.collect()
        gc.freeze()  # a collection in a worker would write to, and so copy, what all of them share
        self.tell(OPENED, text(""))

    def fork(self, number):
        ends = self.descriptors[:3]
        del self.descriptors[:3]
        reason = threads_running()
        if reason:
            self.tell(FORK_FAILED, struct.pack("<I", number) + text(reason))
        else:
            self.start(number, ends)
        for fd in ends:
            os.close(fd)

    def start(self, number, ends):
        sys.stdout.flush()
        self.started += 1
        server, folder = os.getpid(), os.path.join(os.getcwd(), "process%03d-%d-%d" % (number, os.getpid(), self.started))
        try:
            os.mkdir(folder)
            pid = os.fork()
        except OSError as error:
            return self.tell(FORK_FAILED, struct.pack("<I", number) + text("a worker cannot be forked: %s" % error))
        if pid == 0:
            become_worker(self, server, number, folder, ends)
        try:
            os.setpgid(pid, pid)
        except OSError:
            pass  # it was faster
        pidfd = os.pidfd_open(pid)
        self.workers[pidfd] = number, pid, folder
        self.poll.register(pidfd, select.POLLIN)
        self.tell(FORKED, struct.pack("<II", number, pid), [pidfd])

    def reap(self, pidfd):
        number, pid, folder = self.workers.pop(pidfd)
        self.poll.unregister(pidfd)
        try:
            os.killpg(pid, signal.SIGKILL)  # what it started; its own pid is still taken
        except OSError:
            pass
        _, status, used = os.wait4(pid, 0)
        os.close(pidfd)
        shutil.rmtree(folder, ignore_errors=True)
        self.tell(EXITED, struct.pack("<IiQQ", number, status, used.ru_maxrss * 1024, int((used.ru_utime + used.ru_stime) * 1e6)))


def become_worker(parent, server, number, folder, ends):
    """In the child: what a fresh interpreter would have, then the ordinary worker."""
    try:
        os.setpgid(0, 0)
        parent.die_with_parent()
        if os.getppid() != server:
            os._exit(1)
        worker_socket, out, err = [os.dup(fd) for fd in ends]
        os.dup2(out, 1)
        os.dup2(err, 2)
        # The server's own believe to be a file with a position.
        sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", closefd=False)
        sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", closefd=False)
        parent.socket.detach()
        os.dup2(worker_socket, 3)
        os.closerange(4, 1 << 20 if os.sysconf("SC_OPEN_MAX") < 0 else min(os.sysconf("SC_OPEN_MAX"), 1 << 20))
        os.chdir(folder)
        take_variables("process%03d" % number)
        if parent.gpus:
            os.environ["CUDA_VISIBLE_DEVICES"] = parent.gpus[number] if number < len(parent.gpus) else ""
        reseed()
        from _frozen_importlib_external import SourceFileLoader
        source = os.path.join(FOLDER, "mlpipe_worker.py")
        module = sys.modules["__main__"]
        module.__dict__.update(__file__=source, __name__="__main__")
        exec(SourceFileLoader("__main__", source).get_code("__main__"), module.__dict__)
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        os._exit(1)


def take_variables(name):
    """What is in the environment for this worker alone: MLPIPE_OF_process000 (batch/workers/preload_launcher.cpp)."""
    os.environ["MLPIPE_WORKER"] = name
    mine = os.environ.get("MLPIPE_OF_" + name, "")
    for key in [key for key in os.environ if key.startswith("MLPIPE_OF_")]:
        del os.environ[key]
    os.environ.update(pair.split("=", 1) for pair in mine.split("\x1f") if pair)


def reseed():
    """Python's own random numbers are seeded anew in a fork; these are not, and each worker would draw the same."""
    for name in ("numpy.random", "torch"):
        module = sys.modules.get(name)
        if module is not None:
            module.seed()


if __name__ == "__main__":
    server = Server()
    try:
        server.run()
    except OSError:
        pass
    for _, pid, _ in server.workers.values():
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            pass
    os._exit(0)
