"""What Procfile, supervisord.conf, gunicorn.conf.py, uwsgi.ini and crontabs say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dockfix.context.listens import port_of, ports_of_command
from dockfix.context.process_files import Processes, kind_of, read_processes


def read(name: str, text: str) -> Processes:
    return read_processes({name: text.encode()})


def test_procfile() -> None:
    found = read(
        "Procfile",
        "# x\nweb: gunicorn app:app --bind 0.0.0.0:$PORT\nworker: celery -A app worker >> /var/log/x\nrelease: python manage.py migrate\n",
    )
    assert [(each.name, each.line) for each in found.programs] == [("web", 2), ("worker", 3), ("release", 4)]
    assert [use.word for use in found.runs] == ["gunicorn", "celery", "python"]
    assert [(port.port, port.env) for port in found.ports] == [(None, "PORT")]
    assert [write.path for write in found.writes] == ["/var/log/x"]


def test_supervisor() -> None:
    found = read(
        "etc/supervisord.conf",
        """
[supervisord]
user=root
logfile=/var/log/supervisord.log ; a comment
pidfile=%(here)s/x.pid
[inet_http_server]
port=127.0.0.1:9001
[program:web]
command=uvicorn app:app
    --port %(ENV_PORT)s
user=www-data
stdout_logfile=/dev/stdout
stderr_logfile=AUTO
[program:nginx]
command=/usr/sbin/nginx -g "daemon off;"
stdout_logfile=/var/log/nginx.log
[include]
files = conf.d/*.conf
""",
    )
    assert [(each.name, each.user) for each in found.programs] == [("web", "www-data"), ("nginx", "")]
    assert [use.word for use in found.runs] == ["uvicorn", "/usr/sbin/nginx"]
    assert [(write.path, write.base) for write in found.writes] == [
        ("/var/log/supervisord.log", "root"),
        ("?", "unknown"),
        ("/var/log/nginx.log", "root"),
    ]
    assert [(port.port, port.env) for port in found.ports] == [(9001, ""), (None, "PORT")]
    assert [use.word for use in found.root] == ["root", "www-data"]
    assert "conf.d" in found.unread[0].reason


def test_gunicorn() -> None:
    found = read(
        "gunicorn.conf.py",
        """
import os
bind = f"0.0.0.0:{os.environ.get('PORT', '8001')}"
accesslog = "-"
errorlog = os.path.join("/var/log", "error.log")
pidfile = "/run/gunicorn.pid"
worker_tmp_dir = "/dev/shm"
user = "nobody"
""",
    )
    assert [(port.port, port.env) for port in found.ports] == [(8001, "PORT")]
    assert [write.path for write in found.writes] == ["/var/log/error.log", "/run/gunicorn.pid"]
    assert [use.word for use in found.root] == ["nobody"]
    assert [port.port for port in read("gunicorn_config.py", "bind = ['unix:/tmp/x.sock', ':80']\n").ports] == [80]
    assert [port.port for port in read("gunicorn_config.py", "bind = ':' + port()\n").ports] == [None]
    assert read("gunicorn.conf.py", "bind = (\n").unread[0].file == "gunicorn.conf.py"


NGINX = """
user www-data;  # a comment
pid /tmp/x.pid;
events { worker_connections 10; }
http {
    include mime.types;
    access_log /dev/stdout;
    error_log "/weird/error.log" warn;
    log_format main '$remote_addr {';
    proxy_cache_path /weird/cache levels=1:2;
    upstream app { server unix:/tmp/x.sock; }
    server {
        listen 8080 default_server;
        listen [::]:8080;
        listen 127.0.0.1;
        listen unix:/weird/x.sock;
        listen ${PORT};
        location / { proxy_pass http://app; }
    }
    server { server_name b; }
    server {
        include /tmp/listen.conf;
    }
}
"""


def test_nginx() -> None:
    found = read("etc/nginx.conf", NGINX)
    assert [(port.port, port.env, port.line) for port in found.ports] == [
        (8080, "", 13),
        (8080, "", 14),
        (80, "", 15),
        (None, "PORT", 17),
        (80, "", 20),
        (None, "", 22),
    ]
    assert [(write.path, write.how) for write in found.writes] == [
        ("/tmp/x.pid", "pid"),
        ("/weird/error.log", "error_log"),
        ("/weird/cache", "proxy_cache_path"),
        ("/weird/x.sock", "listen"),
        ("/var/lib/nginx/body", "client_body_temp_path, its default"),
        ("/var/lib/nginx/proxy", "proxy_temp_path, its default"),
    ]
    assert {use.word for use in found.root} == {"www-data", "80"}
    assert [each.reason for each in found.unread] == ["line 22: what /tmp/listen.conf brings is not followed"]


@pytest.mark.parametrize(
    "name",
    [
        "conf.d/default.conf",
        "nginx/site.conf",
        "docker/nginx/templates/a.conf.template",
        "sites-enabled/x",
        "my-nginx.conf",
    ],
)
def test_sites_of_nginx(name: str) -> None:
    found = read(name, "server {\n  listen 81;\n}\n")
    assert [(port.port, port.line) for port in found.ports] == [(81, 2)]
    assert found.writes == ()


def test_nginx_of_another_container_does_not_count() -> None:
    assert read_processes({"nginx.conf": b"server { listen 81; }"}, nginx=False) == Processes()
    assert read("app.conf", "server { listen 81; }") == Processes()
    assert read("supervisor/conf.d/nginx.conf", "[program:x]\ncommand=y\n").programs[0].name == "x"


def test_uwsgi() -> None:
    found = read(
        "conf/uwsgi.ini",
        "[uwsgi]\nhttp-socket = :$(PORT)\nsocket=/tmp/x.sock\nhttp = 0.0.0.0:80\nmodule = app:app\nlogto = /var/log/u.log\n"
        "uid = www-data\nattach-daemon = celery -A app worker\n[other]\nhttp = :1\n",
    )
    assert [(port.port, port.env) for port in found.ports] == [(None, "PORT"), (80, "")]
    assert [write.path for write in found.writes] == ["/tmp/x.sock", "/var/log/u.log"]
    assert [each.command for each in found.programs] == ["app:app", "celery -A app worker"]
    assert {use.word for use in found.root} == {"www-data", "80"}


def test_cron() -> None:
    found = read(
        "crontab",
        "SHELL=/bin/sh\n# x\n*/5 * * * * cd /app && python sync.py >> /var/log/cron.log 2>&1\n@daily root /backup.sh\n",
    )
    assert [(each.command.split()[0], each.user) for each in found.programs] == [("cd", ""), ("/backup.sh", "root")]
    assert "python" in {use.word for use in found.runs}
    assert [write.path for write in found.writes] == ["/var/log/cron.log"]
    assert found.root
    assert read("etc/cron.d/job", "0 1 * * 1-5 app run-it\n").programs[0].user == "app"


def test_kinds_of_files() -> None:
    assert [
        kind_of(name)
        for name in (
            "Procfile",
            "docker/Procfile.dev",
            "supervisord.conf",
            "supervisor/conf.d/app.conf",
            "gunicorn.conf.py",
            "gunicorn_conf.py",
            "uwsgi.ini",
            "app_uwsgi.ini",
            "crontab",
            "cron.d/x",
            "uwsgi.xml",
            "app.py",
            "nginx.conf",
            "httpd.conf",
        )
    ] == [
        "procfile",
        "procfile",
        "supervisor",
        "supervisor",
        "gunicorn",
        "gunicorn",
        "uwsgi",
        "uwsgi",
        "cron",
        "cron",
        "unread",
        "",
        "nginx",
        "",
    ]
    assert read("uwsgi.yaml", "uwsgi:\n").unread
    assert read("Procfile", "web: x\0y").unread


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("gunicorn app:app", [(8000, "PORT")]),
        ("gunicorn -b :80 app:app", [(80, "")]),
        ("gunicorn -b unix:/x.sock app:app", []),
        ("gunicorn --config x.py app:app", []),
        ("gunicorn --bind=0.0.0.0:${PORT:-5000} app", [(5000, "PORT")]),
        ("exec uvicorn main:app --host 0.0.0.0 --port 8080", [(8080, "")]),
        ("flask run -p 80", [(80, "")]),
        ("flask --app x run", [(5000, "FLASK_RUN_PORT")]),
        ("python manage.py runserver 0.0.0.0:8001", [(8001, "")]),
        ("python manage.py runserver", [(8000, "")]),
        ("python manage.py migrate", []),
        ("streamlit run app.py --server.port=80", [(80, "")]),
        ("python -m http.server 9000", [(9000, "")]),
        ("if x; then\n  gunicorn a \\\n    -b :81\nfi", [(81, "")]),
        ("sh -c 'uvicorn main:app --port 82'", [(82, "")]),
        ("# gunicorn", []),
        ('P=${PORT:-8001}\ncd x\ngunicorn -b "0.0.0.0:${P}" x', [(8001, "PORT")]),
        ("export P='82'\nuvicorn x --port $P", [(82, "")]),
        ("P=1\nP=2\nuvicorn x --port $P", [(None, "P")]),
        ("P=$P\nuvicorn x --port $P", [(None, "P")]),
        ('["./wait-for-it.sh", "db:5432", "--", "python", "manage.py", "runserver", "0.0.0.0:8001"]', [(8001, "")]),
        ("pip install gunicorn", []),
        ("pip3.11 install gunicorn", []),
        ("uv add gunicorn && npm install x", []),
        ("uv run gunicorn -b :80 app:app", [(80, "")]),
        ("uvx streamlit run app.py", [(8501, "STREAMLIT_SERVER_PORT")]),
        ("quart run", [(5000, "")]),
        ("litestar --app x run", [(8000, "LITESTAR_PORT")]),
        ("jupyter nbconvert x", []),
        ("jupyter lab", [(8888, "")]),
        ("/opt/venv/bin/gunicorn x", [(8000, "PORT")]),
    ],
)
def test_ports_of_commands(command: str, found: list[tuple[int | None, str]]) -> None:
    assert [(port.port, port.env) for port in ports_of_command(command, "x", 1)] == found


def test_port_of_an_address() -> None:
    assert [port_of(text) for text in ("80", ":80", "[::]:80", "$P", "${P:-81}", "host", "99999")] == [
        (80, ""),
        (80, ""),
        (80, ""),
        (None, "P"),
        (81, "P"),
        None,
        None,
    ]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    read_processes(
        dict.fromkeys(("Procfile", "supervisord.conf", "gunicorn.conf.py", "uwsgi.ini", "crontab", "cron.d/x"), data)
    )
