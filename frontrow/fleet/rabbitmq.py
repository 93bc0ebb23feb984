"""How RabbitMQ and Erlang's port mapper run for one fleet: on loopback, small, and only below DATA."""

from frontrow.fleet.site import LOOPBACK, Site

USER = "frontrow"
HERE = "/proc/self/cwd"  # Erlang passes no descriptors on to `df`, which tells how full the disk is


def write(site: Site) -> None:
    """Write its configuration, plugins and cookie."""
    site.write("rabbitmq", "rabbitmq.conf", _configuration(site))
    site.write("rabbitmq", "enabled_plugins", "[rabbitmq_prometheus].\n")
    site.write("rabbitmq", ".erlang.cookie", site.secret("erlang_cookie"), mode=0o400)


def _configuration(site: Site) -> str:
    return "\n".join(
        [
            f"listeners.tcp.1 = {LOOPBACK}:{site.port('rabbitmq')}",
            f"prometheus.tcp.ip = {LOOPBACK}",
            f"prometheus.tcp.port = {site.port('rabbitmq-metrics')}",
            f"default_user = {USER}",
            f"default_pass = {site.secret('rabbitmq_password')}",
            "vm_memory_high_watermark.absolute = 256MB",
            "disk_free_limit.absolute = 200MB",
            "management_agent.disable_metrics_collector = true",  # nobody reads what it gathers
            "raft.wal_max_size_bytes = 16777216",
            "log.console = true",
            "log.console.level = warning",
            "log.file = false",
            "",
        ]
    )


def environment(site: Site) -> dict[str, str]:
    """The environment of RabbitMQ and its commands; nothing of /etc/rabbitmq or /var/lib is used."""
    emulator = [
        "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",  # waiting schedulers do not spin
        "-kernel inet_dist_use_interface {127,0,0,1}",
    ]
    return {
        "HOME": HERE,
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "ERL_EPMD_PORT": str(site.port("epmd")),
        "RABBITMQ_NODENAME": "frontrow@localhost",
        "RABBITMQ_DIST_PORT": str(site.port("rabbitmq-distribution")),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": f"{HERE}/rabbitmq.conf",
        "RABBITMQ_ADVANCED_CONFIG_FILE": f"{HERE}/advanced.config",
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{HERE}/enabled_plugins",
        "RABBITMQ_GENERATED_CONFIG_DIR": f"{HERE}/generated",
        "RABBITMQ_MNESIA_BASE": f"{HERE}/mnesia",
        "RABBITMQ_PID_FILE": f"{HERE}/pid",
        "RABBITMQ_LOG_BASE": f"{HERE}/log",
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": " ".join(emulator),
        # The script becomes Erlang instead of waiting for it: one process to supervise, which is told to end.
        "RUNNING_UNDER_SYSTEMD": "true",
    }
