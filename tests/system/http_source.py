"""A source of contracts whose answers a test decides, over HTTP or TLS on a free port of 127.0.0.1."""

import http.server
import ssl
import threading


class Answers(http.server.BaseHTTPRequestHandler):
    """What each answer is, a test's own do_GET says."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


class HttpSource(http.server.ThreadingHTTPServer):
    """Answers while it is entered. `seen` is for what came; an answer that takes its time waits on
    `stopping`, so that it ends with the source."""

    def __init__(self, answers, certificate=None):
        super().__init__(("127.0.0.1", 0), answers)
        self.seen, self.stopping = [], threading.Event()
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.serve_forever)

    def handle_error(self, *_):
        pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.shutdown()
        self.thread.join()
        self.server_close()
