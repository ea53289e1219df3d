"""A TCP relay that writes what passes as a capture: packets need no permission this way."""

import contextlib
import socket
import struct
import threading

CLIENT_PORT, SERVER_PORT = 40000, 443  # in the capture


class Capture:
    """A pcap file of one TCP connection, in raw IPv4 packets (link type 101)."""

    def __init__(self, path):
        self._file = open(path, "wb")
        self._file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        self._lock = threading.Lock()
        self._sent = {CLIENT_PORT: 1, SERVER_PORT: 1}  # next sequence numbers

    def add(self, source, data):
        target = SERVER_PORT if source == CLIENT_PORT else CLIENT_PORT
        with self._lock:
            for begin in range(0, len(data), 30_000):
                piece = data[begin:begin + 30_000]
                tcp = struct.pack(">HHIIBBHHH", source, target, self._sent[source], self._sent[target], 5 << 4, 0x18, 65535, 0, 0)
                loopback = bytes([127, 0, 0, 1])
                ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(piece), 0, 0, 64, 6, 0, loopback, loopback)
                packet = ip + tcp + piece
                self._file.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
                self._sent[source] += len(piece)

    def close(self):
        with self._lock:
            self._file.close()


@contextlib.contextmanager
def recording_relay(target_port, path):
    """Relays one connection to `target_port` on loopback; the value is the relay's own port."""
    capture = Capture(path)
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source, target, port):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                capture.add(port, data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def relay():
        client = listener.accept()[0]
        server = socket.create_connection(("127.0.0.1", target_port))
        back = threading.Thread(target=pump, args=(server, client, SERVER_PORT))
        back.start()
        pump(client, server, CLIENT_PORT)
        back.join()
        client.close()
        server.close()

    thread = threading.Thread(target=relay)
    thread.start()
    try:
        yield listener.getsockname()[1]
        thread.join(timeout=20)
    finally:
        listener.close()
        capture.close()
