"""HTTP triggers: routes, requests, answers, what must not bring the host down."""

import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.localhost.host_rig import Host, Rig, wait_until

APP = """
import extra

app.register_functions(extra.bp)

def values(req):
    return json.dumps(dict(req.route_params))

@app.route("whole/{id:int}")
def whole(req: func.HttpRequest) -> str:
    return values(req)

@app.route("maybe/{id:int?}")
def maybe(req: func.HttpRequest) -> str:
    return values(req)

@app.route("given/{id=7}")
def given(req: func.HttpRequest) -> str:
    return values(req)

@app.route("rest/{*path}")
def rest(req: func.HttpRequest) -> str:
    return values(req)

@app.route("pick/{name}")
def pick_one(req: func.HttpRequest) -> str:
    return "parameter"

@app.route("pick/all")
def pick_all(req: func.HttpRequest) -> str:
    return "literal"

@app.route("file/{name:alpha:maxlength(5)}.{kind}")
def file(req: func.HttpRequest) -> str:
    return values(req)

@app.route(methods=["POST"])
def named_by_function(req: func.HttpRequest) -> str:
    return "posted"

@app.route("echo/{*path}")
async def echo(req: func.HttpRequest) -> str:
    return json.dumps({"url": req.url, "method": req.method, "query": dict(req.params), "headers": dict(req.headers)})

@app.route("bytes")
def binary(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.get_body()[::-1], status_code=201, mimetype="application/octet-stream")

@app.route("cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    answer = func.HttpResponse("set")
    answer.headers.add("Set-Cookie", "a=1; Path=/api; HttpOnly; SameSite=Strict; Max-Age=60")
    answer.headers.add("Set-Cookie", "b=2; Secure; Domain=example.org; Expires=Wed, 21 Oct 2037 07:28:00 GMT")
    answer.headers["X-Own"] = "yes"
    return answer

@app.route("nothing", binding_arg_name="answer")
def nothing(req: func.HttpRequest, answer: func.Out[str]) -> None:
    pass

@app.route("out", binding_arg_name="answer")
def out(req: func.HttpRequest, answer: func.Out[func.HttpResponse]) -> None:
    answer.set(func.HttpResponse("by out", status_code=202))

@app.route("broken")
def broken(req: func.HttpRequest) -> str:
    raise KeyError("what the caller must not see")

@app.route("leaving")
def leaving(req: func.HttpRequest) -> str:
    sys.exit(3)

@app.route("bad-header")
def bad_header(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("x", headers={"X-Split": "a\\r\\nX-Injected: b"})

@app.route("logs")
def logs(req: func.HttpRequest) -> str:
    logging.getLogger("ours").info("from a thread")
    logging.getLogger("azure.core").info("sdk chatter")
    return "logged"

@app.route("async-logs")
async def async_logs(req: func.HttpRequest, context: func.Context) -> str:
    logging.info("from the loop")
    return context.invocation_id

@app.route("traced")
def traced(req: func.HttpRequest, context: func.Context) -> str:
    return f"{context.trace_context.Traceparent} {context.trace_context.Tracestate}"

@app.route("blocking")
async def blocking(req: func.HttpRequest) -> str:
    time.sleep(2)
    return "blocked"

busy, most, lock = 0, 0, threading.Lock()

@app.route("threads")
def threads(req: func.HttpRequest) -> str:
    global busy, most
    with lock:
        busy += 1
        most = max(most, busy)
    time.sleep(0.3)
    with lock:
        busy -= 1
    return str(most)
"""
BLUEPRINT = """
import azure.functions as func

bp = func.Blueprint()

@bp.route("from-blueprint", auth_level=func.AuthLevel.ANONYMOUS)
def from_blueprint(req: func.HttpRequest) -> str:
    return "blueprint"
"""


@pytest.fixture(scope="module")
def host(module_rig: Rig) -> Host:
    folder = module_rig.write(APP)
    (folder / "extra.py").write_text(BLUEPRINT)
    return module_rig.start(folder, PYTHON_THREADPOOL_THREAD_COUNT="3")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/whole/42", '{"id": "42"}'),
        ("/api/WHOLE/-1", '{"id": "-1"}'),
        ("/api/whole/42/", '{"id": "42"}'),
        ("/api/maybe", "{}"),
        ("/api/maybe/3", '{"id": "3"}'),
        ("/api/given", '{"id": "7"}'),
        ("/api/given/8", '{"id": "8"}'),
        ("/api/rest", "{}"),
        ("/api/rest/a/b%20c/d", '{"path": "a/b c/d"}'),
        ("/api/rest/a%2Fb", '{"path": "a%2Fb"}'),
        ("/api/rest/a%0Ab", r'{"path": "a\nb"}'),
        ("/api/pick/all", "literal"),
        ("/api/pick/other", "parameter"),
        ("/api/file/abc.txt", '{"name": "abc", "kind": "txt"}'),
        ("/api/from-blueprint", "blueprint"),
    ],
)
def test_a_path_finds_the_most_specific_route_whose_constraints_hold(host: Host, path: str, expected: str) -> None:
    """See "Azure Functions HTTP trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#customize-the-http-endpoint;
    "Routing in ASP.NET Core" https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints, and
    "Use Python blueprints" https://learn.microsoft.com/azure/azure-functions/functions-reference-python#blueprints.
    """
    answer = host.get(path)

    assert (answer.status_code, answer.text) == (200, expected)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/whole/x"),
        ("GET", "/api/whole/99999999999"),
        ("GET", "/api/whole"),
        ("GET", "/api/file/abcdef.txt"),
        ("GET", "/api/file/ab1.txt"),
        ("GET", "/whole/1"),
        ("GET", "/api/named_by_function"),
        ("HEAD", "/api/named_by_function"),
        ("GET", "/"),
    ],
)
def test_what_no_route_takes_is_404_also_for_a_wrong_method(host: Host, method: str, path: str) -> None:
    """See "Azure Functions HTTP trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger; 404 and not 405:
    https://github.com/Azure/azure-functions-host/issues/10098.
    """
    answer = host.get(path, method)

    assert (answer.status_code, answer.text) == (404, "")


def test_a_function_without_route_is_served_under_its_name(host: Host) -> None:
    """See "Azure Functions HTTP trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#customize-the-http-endpoint.
    """
    answer = host.get("/api/named_by_function", "POST")

    assert (answer.status_code, answer.text) == (200, "posted")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_a_function_sees_the_whole_url_with_the_callers_host_and_the_path_unescaped(host: Host) -> None:
    """HttpRequest.url: https://learn.microsoft.com/python/api/azure-functions/azure.functions.httprequest;
    the real host fills it by GetDisplayUrl
    https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.http.extensions.urihelper.getdisplayurl.
    """
    answer = host.get("/api/echo/a%20b?x=%20y", headers={"Host": "servorg.example:8443"}).json()

    assert answer["url"] == "http://servorg.example:8443/api/echo/a b?x=%20y"


def test_repeated_names_arrive_joined_by_commas_and_empty_query_values_not_at_all(host: Host) -> None:
    """HttpRequest.params is a mapping of one text per name
    https://learn.microsoft.com/python/api/azure-functions/azure.functions.httprequest.
    """
    netloc = urlsplit(host.url)
    with socket.create_connection((netloc.hostname, netloc.port), timeout=10) as raw:
        raw.sendall(b"GET /api/echo/?a=1&a=2&b=&c=3 HTTP/1.0\r\nHost: h\r\nX-Many: 1\r\nX-Many: 2\r\n\r\n")
        answer = raw.makefile("rb").read().decode()

    assert '"query": {"a": "1,2", "c": "3"}' in answer
    assert '"x-many": "1,2"' in answer.lower()


def test_binary_bodies_go_both_ways_unchanged(host: Host) -> None:
    """HttpResponse of bytes: https://learn.microsoft.com/python/api/azure-functions/azure.functions.httpresponse."""
    body = bytes(range(256)) * 1000
    answer = host.get("/api/bytes", "POST", data=body)

    assert (answer.status_code, answer.content) == (201, body[::-1])
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_every_cookie_is_set_with_its_attributes(host: Host) -> None:
    """Several Set-Cookie headers:
    https://learn.microsoft.com/azure/azure-functions/functions-reference-python#http-trigger.
    """
    answer = host.get("/api/cookies")
    first, second = answer.raw.headers.getlist("Set-Cookie")

    assert set(first.split("; ")) == {"a=1", "Path=/api", "HttpOnly", "SameSite=Strict", "Max-Age=60"}
    assert {"b=2", "Secure", "Domain=example.org", "expires=Wed, 21 Oct 2037 07:28:00 GMT"} <= set(second.split("; "))
    assert answer.headers["X-Own"] == "yes"


def test_an_unset_output_is_204_and_an_output_parameter_is_the_answer(host: Host) -> None:
    """See "Azure Functions HTTP trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger: "The default return
    value for an HTTP-triggered function is HTTP 204 No Content".
    """
    nothing, out = host.get("/api/nothing"), host.get("/api/out")

    assert (nothing.status_code, nothing.text) == (204, "")
    assert (out.status_code, out.text) == (202, "by out")


def test_an_exception_is_a_500_without_words_and_a_traceback_in_the_log(host: Host) -> None:
    """See "Azure Functions error handling and retries"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-error-pages.
    """
    answer = host.get("/api/broken")

    assert (answer.status_code, answer.text) == (500, "")
    assert "Traceback" in host.errors()
    assert "KeyError: 'what the caller must not see'" in host.errors()


@pytest.mark.parametrize("path", ["/api/leaving", "/api/bad-header"])
def test_what_a_function_does_wrong_is_its_own_500_and_the_host_goes_on(host: Host, path: str) -> None:
    """See "Azure Functions HTTP trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger: each call stands
    alone.
    """
    answer, next_answer = host.get(path), host.get("/api/pick/all")

    assert answer.status_code == 500
    assert "X-Injected" not in answer.headers
    assert next_answer.text == "literal"


def test_a_body_over_the_hosts_limit_is_413_and_the_host_goes_on(host: Host) -> None:
    """See "Azure Functions HTTP trigger"
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits: 100 MB.
    """
    chunks = (bytes(1024 * 1024) for _ in range(102))
    answer = host.get("/api/bytes", "POST", data=chunks)

    assert answer.status_code == 413
    assert host.get("/api/pick/all").text == "literal"


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01 no http\r\n\r\n", b"GET / HTTP/1.1\r\nA b: c\r\n\r\n", b"GET /\xff x\r\n\r\n"]
)
def test_what_is_no_http_is_refused_and_the_host_goes_on(host: Host, garbage: bytes) -> None:
    """See "HTTP request handling" is Kestrel's in Azure
    https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel.
    """
    netloc = urlsplit(host.url)
    with socket.create_connection((netloc.hostname, netloc.port), timeout=10) as raw:
        raw.sendall(garbage)
        answer = raw.recv(1000)

    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert host.get("/api/pick/all").text == "literal"


def test_logs_name_function_and_invocation_and_leave_the_sdks_chatter_out(host: Host) -> None:
    """See "Configure monitoring", categories Function.<NAME>
    https://learn.microsoft.com/azure/azure-functions/configure-monitoring#configure-categories.
    """
    host.get("/api/logs")
    invocation = host.get("/api/async-logs").text
    wait_until(lambda: f"[async_logs {invocation}] from the loop" in host.errors())
    thread_line = next(line for line in host.errors().splitlines() if line.endswith("from a thread"))

    assert "INFO [logs " in thread_line
    assert "sdk chatter" not in host.errors()


def test_an_invocation_goes_on_with_the_callers_trace_in_a_span_of_the_hosts_own(host: Host) -> None:
    """See "Trace Context" https://www.w3.org/TR/trace-context/#mutating-the-traceparent-field."""
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    told = {"traceparent": f"00-{trace}-{span}-01", "tracestate": "vendor=1"}
    parent, state = host.get("/api/traced", headers=told).text.split(" ")
    version, same, own, flags = parent.split("-")

    assert (version, same, flags, state) == ("00", trace, "01", "vendor=1")
    assert own not in {span, "0" * 16}
    assert len(own) == 16


@pytest.mark.parametrize(
    "wrong", ["", "00-0-0-01", f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-{'z' * 32}-{'1' * 16}-01"]
)
def test_without_a_good_trace_from_the_caller_each_invocation_has_a_new_one(host: Host, wrong: str) -> None:
    """See "Trace Context" https://www.w3.org/TR/trace-context/#a-traceparent-is-not-received."""
    headers = {"traceparent": wrong, "tracestate": "vendor=1"}
    traces = {host.get("/api/traced", headers=headers).text for _ in range(2)}

    assert len(traces) == 2
    assert not any("vendor" in one for one in traces)


def test_a_function_that_blocks_its_event_loop_does_not_block_the_host(host: Host) -> None:
    """In Azure host and worker are processes
    https://learn.microsoft.com/azure/azure-functions/functions-reference-python.
    """
    with ThreadPoolExecutor() as pool:
        blocked = pool.submit(host.get, "/api/blocking")
        wait_until(lambda: "Executing 'Functions.blocking'" in host.errors())
        status = host.get("/admin/host/status")
        was_running = not blocked.done()

    assert (status.status_code, status.json()["state"], was_running) == (200, "Running", True)
    assert blocked.result().text == "blocked"


def test_as_many_sync_functions_run_at_a_time_as_the_setting_says(host: Host) -> None:
    """PYTHON_THREADPOOL_THREAD_COUNT, "App settings reference"
    https://learn.microsoft.com/azure/azure-functions/functions-app-settings#python_threadpool_thread_count.
    """
    with ThreadPoolExecutor(6) as pool:
        most = [int(answer.text) for answer in pool.map(host.get, ["/api/threads"] * 6)]

    assert max(most) == 3


@pytest.mark.parametrize(("prefix", "path"), [("", "/hello"), ("v1/own", "/v1/own/hello")])
def test_host_json_sets_the_prefix_of_all_routes(bare_rig: Rig, prefix: str, path: str) -> None:
    """See "host.json reference", http
    https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook#hostjson-settings.
    """
    source = '@app.route("hello")\ndef hello(req: func.HttpRequest) -> str:\n    return "hello"\n'
    host = bare_rig.run_app(source, host_json={"version": "2.0", "extensions": {"http": {"routePrefix": prefix}}})

    assert host.get(path).text == "hello"
    assert host.get("/api/hello").status_code == 404
