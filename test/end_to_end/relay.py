"""A TCP relay on loopback: one more address of the same server, which can be killed."""

import contextlib
import select
import socket
import threading


class Relay:
    """Of what the target answers on a connection, the bytes beyond `most_answered` stay away, and `held` is set."""

    def __init__(self, target_port, address="127.0.0.1", most_answered=None):
        self._target = ("127.0.0.1", target_port)
        self._most_answered = most_answered
        self.held = threading.Event()
        self._listener = socket.create_server((address, 0))
        self.address, self.port = self._listener.getsockname()
        self._open, self._lock, self._alive = set(), threading.Lock(), True
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"https://{self.address}:{self.port}"

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            for each in (near, far):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                if not self._alive:
                    near.close()
                    far.close()
                    return
                self._open |= {near, far}
            threading.Thread(target=self._relay, args=(near, far), daemon=True).start()

    def _relay(self, near, far):
        left = self._most_answered
        with contextlib.suppress(OSError):
            while True:
                for source in select.select([near, far], [], [])[0]:
                    received = source.recv(65536)
                    if not received:
                        return
                    if source is far and left is not None:
                        if len(received) > left:
                            self.held.set()
                        received = received[:left]
                        left -= len(received)
                    (far if source is near else near).sendall(received)

    def kill(self):
        """Nobody listens any more, and every connection ends in the middle of what it does."""
        with self._lock:
            self._alive = False
            # Wakes the thread that accepts; to close the socket alone would not.
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
