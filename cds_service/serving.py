"""Runs the application on a socket."""

from __future__ import annotations

import errno
import math
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from socket import AF_INET, AF_INET6, create_server, socket

import structlog
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from cds_service.addresses import is_loopback
from cds_service.errors import ConfigurationError
from cds_service.http_protocol import HttpProtocol, raise_descriptor_limit
from cds_service.log import configure_log
from cds_service.settings import Settings, variable

_AFTER_READING_SECONDS = 5


def listen(host: str, port: int) -> socket:
    """A socket that clients can already connect to. Raises ConfigurationError, with the remedy, if there is
    none.
    """
    try:
        return create_server((host, port), family=AF_INET6 if ":" in host else AF_INET, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(
                f"port {port} on {host} is taken. Stop the program that uses it, or choose another: --port 8001, "
                "or make demo PORT=8001."
            ) from None
        raise ConfigurationError(
            f"cannot listen on {host}, port {port}: {error.strerror}. Choose others with --host and --port."
        ) from None


def run_server(
    app: Starlette, listening: socket, workers: int, settings: Settings, notices: Sequence[str] = ()
) -> None:
    """Serve until told to stop. Further workers build the application themselves, from the environment.

    `notices`: what the people who answer for the content are to know; told once, at the start.
    """
    configure_log()
    host, port = listening.getsockname()[:2]
    log = structlog.get_logger()
    for notice in notices:
        log.warning("content", notice=notice)
    log.info("listening", host=host, port=port, workers=workers)
    if settings.clients is None and not is_loopback(settings.host):
        log.warning("open_to_everybody", remedy="register the EHRs, see docs/security.md")
    config = uvicorn.Config(
        app if workers == 1 else "cds_service.app:create_app_from_environment",
        factory=workers > 1,
        workers=workers,
        http=HttpProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=math.ceil(settings.fhir_timeout) + _AFTER_READING_SECONDS,
    )
    raise_descriptor_limit()
    with suppress(KeyboardInterrupt):
        if workers == 1:
            server = uvicorn.Server(config)
            # From now on, and after the last answer too: by default it ends this process before what is open is closed,
            # and the demo's store removed. A flag, since an exception is lost where it meets the garbage collector.
            signal.signal(signal.SIGTERM, server.handle_exit)
            server.run(sockets=[listening])
        else:
            os.environ[variable("host")] = settings.host  # what the options chose, the workers must know
            os.environ[variable("port")] = str(settings.port)
            os.environ[variable("insecure")] = str(settings.insecure)
            listening.set_inheritable(True)
            Multiprocess(config, sockets=[listening]).run()
