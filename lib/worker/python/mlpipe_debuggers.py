"""What `mlpipe debug` and `mlpipe replay` have of pdb and debugpy in common. Needs Python 3.8 or newer."""
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def tell(line):
    sys.stderr.write("mlpipe: %s\n" % line)
    sys.stderr.flush()


def terminal():
    """Arguments for Pdb that lead it to the terminal where stdin is something else, such as a pipe."""
    if sys.stdin is not None and sys.stdin.isatty():
        return {}
    try:
        return {"stdin": open("/dev/tty"), "stdout": open("/dev/tty", "w")}
    except OSError:
        return {}


def make_pdb():
    """A pdb that knows whether it was left before the end."""
    import pdb

    class Debugger(pdb.Pdb):
        left = False

        def set_quit(self):
            self.left = True
            super().set_quit()

    return Debugger(**terminal())


def post_mortem(traceback):
    debugger = make_pdb()
    debugger.reset()
    debugger.interaction(None, traceback)


def left_pdb():
    tell("the debugger was left before the end")


def without_our_frames(traceback):
    """A traceback from its first frame on that is neither ours nor the debugger's."""
    import bdb
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith((FOLDER, bdb.__file__)):
        traceback = traceback.tb_next
    return traceback


def wait_for_debugger(port):
    import debugpy
    try:
        debugpy.listen(("127.0.0.1", port))
    except Exception as error:
        tell("debugpy cannot listen on 127.0.0.1:%d: %s" % (port, error))
        os._exit(1)
    tell("waiting for a debugger to attach to 127.0.0.1:%d" % port)
    debugpy.wait_for_client()
    tell("attached")
