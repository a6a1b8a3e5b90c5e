package dev.stoa.platform.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.stoa.api.DeployEvent;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.Requests.Scale;
import dev.stoa.api.Status;
import dev.stoa.api.StoaException;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ApiServerTest {
    private static final CountDownLatch SECOND_EVENT = new CountDownLatch(1);
    private static final AtomicBoolean INTERRUPTED = new AtomicBoolean();

    private static final ApiServer SERVER = new ApiServer(
            "127.0.0.1",
            0,
            "s3cret",
            List.of(
                    Endpoint.get("/v1/echo/{word}", "Says the word")
                            .query("twice", "says it twice")
                            .returns(Endpoint.listOf(String.class))
                            .handler(request -> List.of(
                                    request.path("word"), request.query("twice").orElse("once"))),
                    Endpoint.post("/v1/scale", "Takes a body")
                            .accepts(Scale.class)
                            .returns(Endpoint.mapOf(Integer.class))
                            .handler(request -> request.body(Scale.class).processes()),
                    Endpoint.post("/v1/count", "Counts bytes")
                            .acceptsStream("application/gzip")
                            .returns(Long.class)
                            .handler(request -> count(request.bodyStream())),
                    Endpoint.post("/v1/full", "Has no room")
                            .acceptsStream("application/gzip")
                            .handler(request -> {
                                throw new StoaException(ErrorCode.DISK_FULL, "the disk is full", "free some room");
                            }),
                    Endpoint.delete("/v1/thing", "Gives nothing").handler(request -> {}),
                    Endpoint.get("/v1/known-error", "Fails as foreseen").handler(request -> {
                        throw new StoaException(ErrorCode.APP_NOT_FOUND, "there is no app \"x\"", "stoa apps");
                    }),
                    Endpoint.get("/v1/bug", "Fails").handler(request -> {
                        throw new IllegalStateException("secret detail");
                    }),
                    Endpoint.get("/v1/events", "Tells")
                            .streams(DeployEvent.class)
                            .handler((request, sink) -> {
                                sink.accept(new DeployEvent.Line("first"));
                                SECOND_EVENT.await();
                                sink.accept(new DeployEvent.Line("second"));
                            }),
                    Endpoint.get("/v1/for-ever", "Tells nothing more")
                            .streams(DeployEvent.class)
                            .handler((request, sink) -> {
                                sink.accept(new DeployEvent.Line("first"));
                                try {
                                    new CountDownLatch(1).await();
                                } catch (InterruptedException e) {
                                    INTERRUPTED.set(true);
                                    throw e;
                                }
                            }),
                    Endpoint.post("/raw/{thing}", "Speaks a protocol of its own")
                            .speaks((request, response) -> {
                                if (request.path("thing").equals("nothing")) {
                                    throw new StoaException(ErrorCode.NOT_FOUND, "there is nothing", "look elsewhere");
                                }
                                try (OutputStream out = response.open("application/x-echo")) {
                                    request.bodyStream().transferTo(out);
                                }
                            }),
                    Endpoint.get("/v1/status", "Has a record")
                            .returns(Status.class)
                            .handler(request -> "")),
            "1.2.3");

    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    static void start() {
        SERVER.start();
    }

    @AfterAll
    static void close() {
        SERVER.close();
    }

    private static long count(InputStream stream) throws java.io.IOException {
        return stream.transferTo(java.io.OutputStream.nullOutputStream());
    }

    @Test
    void pathAndQueryReachTheHandler() throws Exception {
        assertThat(Json.MAPPER.readTree(get("/v1/echo/hello?twice=yes").body()))
                .extracting(JsonNode::asString)
                .containsExactly("hello", "yes");
    }

    @Test
    void aJsonBodyReachesTheHandler() throws Exception {
        assertThat(post("/v1/scale", "{\"processes\":{\"web\":3}}").body()).contains("\"web\" : \"3\"");
    }

    @Test
    void anUnknownMemberIsNamedWithTheNearestKnownOne() throws Exception {
        HttpResponse<String> response = post("/v1/scale", "{\"proceses\":{}}");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("\\\"proceses\\\"").contains("did you mean \\\"processes\\\"?");
    }

    @Test
    void whatIsNotJsonIsABadRequest() throws Exception {
        assertThat(post("/v1/scale", "{oops").statusCode()).isEqualTo(400);
        assertThat(post("/v1/scale", "{}").statusCode()).isEqualTo(400);
        assertThat(post("/v1/scale", "\"" + "x".repeat(ApiRequest.BODY_BYTES_MAX) + "\"")
                        .statusCode())
                .isEqualTo(413);
    }

    @Test
    void aLargeUploadIsStreamed() throws Exception {
        byte[] megabyte = new byte[1 << 20];
        List<byte[]> parts = java.util.Collections.nCopies(50, megabyte);
        HttpResponse<String> response = client.send(
                request("/v1/count", "s3cret")
                        .POST(BodyPublishers.ofByteArrays(parts))
                        .build(),
                BodyHandlers.ofString());
        assertThat(response.body().strip()).isEqualTo("" + (50L << 20));
    }

    @Test
    void aHandlerThatGivesNothingAnswers204() throws Exception {
        HttpResponse<String> response =
                client.send(request("/v1/thing", "s3cret").DELETE().build(), BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(204);
    }

    @Test
    void aForeseenErrorIsAProblemWithItsCodeAndHint() throws Exception {
        HttpResponse<String> response = get("/v1/known-error");
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        JsonNode problem = Json.MAPPER.readTree(response.body());
        assertThat(problem.path("code").asString()).isEqualTo("app_not_found");
        assertThat(problem.path("detail").asString()).isEqualTo("there is no app \"x\"");
        assertThat(problem.path("hint").asString()).isEqualTo("stoa apps");
    }

    @Test
    void anUnforeseenErrorShowsAReferenceAndNoDetail() throws Exception {
        HttpResponse<String> response = get("/v1/bug");
        assertThat(response.statusCode()).isEqualTo(500);
        assertThat(response.body()).contains("reference").doesNotContain("secret detail");
    }

    @Test
    void unknownPathsAndMethodsAreProblems() throws Exception {
        assertThat(get("/v1/nowhere").statusCode()).isEqualTo(404);
        assertThat(get("/v1/scale").statusCode()).isEqualTo(405);
    }

    @Test
    void aWrongTokenIsRefused() throws Exception {
        HttpResponse<String> response =
                client.send(request("/v1/echo/x", "wrong").build(), BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
    }

    @Test
    void anotherProtocolTakesTheTokenAsThePasswordOfAnyUser() throws Exception {
        HttpResponse<String> response = client.send(
                HttpRequest.newBuilder(uri("/raw/echo"))
                        .header("Authorization", basic("anybody:s3cret"))
                        .POST(BodyPublishers.ofString("bytes"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue("application/x-echo");
        assertThat(response.body()).isEqualTo("bytes");
    }

    @Test
    void anotherProtocolAsksForAPasswordAndSaysItsErrorsAsText() throws Exception {
        for (String credentials : List.of("anybody:wrong", "s3cret:", "nothing")) {
            HttpResponse<String> refused = client.send(
                    HttpRequest.newBuilder(uri("/raw/echo"))
                            .header("Authorization", basic(credentials))
                            .POST(BodyPublishers.noBody())
                            .build(),
                    BodyHandlers.ofString());
            assertThat(refused.statusCode()).as(credentials).isEqualTo(401);
            assertThat(refused.headers().firstValue("WWW-Authenticate").orElse(""))
                    .startsWith("Basic realm=");
            assertThat(refused.body()).startsWith("error: the token is wrong\n");
        }
        HttpResponse<String> missing = post("/raw/nothing", "");
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(missing.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
        assertThat(missing.body()).isEqualTo("error: there is nothing\n  look elsewhere\n");
    }

    @Test
    void theApiItselfTakesNoPassword() throws Exception {
        HttpResponse<String> response = client.send(
                HttpRequest.newBuilder(uri("/v1/echo/x"))
                        .header("Authorization", basic("anybody:s3cret"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(401);
    }

    @Test
    void aPackedBodyIsUnpacked() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write("bytes".repeat(1000).getBytes(StandardCharsets.US_ASCII));
        }
        HttpResponse<String> response = client.send(
                request("/raw/echo", "s3cret")
                        .header("Content-Encoding", "gzip")
                        .POST(BodyPublishers.ofByteArray(packed.toByteArray()))
                        .build(),
                BodyHandlers.ofString());
        assertThat(response.body()).isEqualTo("bytes".repeat(1000));
    }

    private static String basic(String credentials) {
        return "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aForeignHostNameIsRefused() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", SERVER.port())) {
            socket.getOutputStream()
                    .write(
                            "GET /v1/echo/x HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer s3cret\r\nConnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 401");
        }
    }

    @Test
    void eventsArriveOneByOne() throws Exception {
        HttpResponse<InputStream> response =
                client.send(request("/v1/events", "s3cret").build(), BodyHandlers.ofInputStream());
        try (var lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).isEqualTo("{\"type\":\"line\",\"text\":\"first\"}");
            SECOND_EVENT.countDown();
            assertThat(lines.lines().filter(line -> !line.isEmpty()))
                    .containsExactly("{\"type\":\"line\",\"text\":\"second\"}");
        }
    }

    @Test
    void aHandlerIsInterruptedWhenItsClientHasGone() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", SERVER.port())) {
            socket.getOutputStream()
                    .write("GET /v1/for-ever HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer s3cret\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            BufferedReader told =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            // The handler is past what it writes itself, which would fail with another exception.
            assertThat(told.lines().anyMatch(line -> line.contains("first"))).isTrue();
        }
        await().atMost(Duration.ofSeconds(10)).untilTrue(INTERRUPTED);
    }

    @Test
    void aClientThatStillSendsReadsWhyItIsRefused() throws Exception {
        // More than the buffers of both ends together.
        byte[] megabyte = new byte[1 << 20];
        for (String path : List.of("/v1/full", "/raw/nothing", "/v1/nowhere")) {
            try (Socket socket = new Socket("127.0.0.1", SERVER.port())) {
                OutputStream out = socket.getOutputStream();
                out.write(head("POST", path, "Content-Length: %d".formatted(32L << 20)));
                for (int sent = 0; sent < 32; sent++) {
                    out.write(megabyte);
                }
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .as(path)
                        .startsWith("HTTP/1.1 " + (path.equals("/v1/full") ? 507 : 404));
            }
        }
    }

    @Test
    void aClientThatAsksBeforeItSendsIsRefusedWithoutSending() throws Exception {
        try (Socket socket = new Socket("127.0.0.1", SERVER.port())) {
            socket.getOutputStream()
                    .write(head("POST", "/v1/full", "Content-Length: 10000000\r\nExpect: 100-continue"));
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 507");
        }
    }

    private static byte[] head(String method, String path, String headers) {
        return "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer s3cret\r\n%s\r\n\r\n"
                .formatted(method, path, headers)
                .getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void aPortThatIsTakenIsSaidWithTheOptionThatChoosesAnother() {
        ApiServer second = new ApiServer("127.0.0.1", SERVER.port(), "x", List.of(), "1");
        assertThatThrownBy(second::start)
                .isInstanceOf(StoaException.class)
                .hasMessageContaining("127.0.0.1:" + SERVER.port());
    }

    @Test
    void everyEndpointIsDescribedAndEveryReferenceLeadsSomewhere() throws Exception {
        JsonNode document = Json.MAPPER.readTree(
                client.send(HttpRequest.newBuilder(uri("/openapi.json")).build(), BodyHandlers.ofString())
                        .body());
        assertThat(document.path("openapi").asString()).isEqualTo("3.1.0");
        assertThat(document.path("paths").propertyNames()).contains("/v1/scale", "/v1/echo/{word}", "/v1/events");
        assertThat(document.path("paths").propertyNames()).noneMatch(path -> path.startsWith("/raw"));
        assertThat(document.at("/paths/~1v1~1scale/post/requestBody/content/application~1json/schema/$ref")
                        .asString())
                .isEqualTo("#/components/schemas/Scale");
        assertThat(document.at("/components/schemas/Status/required")).isNotEmpty();
        assertThat(document.at("/components/schemas/DeployEvent/oneOf")).hasSize(2);
        List<String> references = new ArrayList<>();
        document.findValues("$ref").forEach(reference -> references.add(reference.asString()));
        assertThat(references)
                .isNotEmpty()
                .allSatisfy(reference -> assertThat(
                                document.at(reference.substring(1)).isMissingNode())
                        .as(reference)
                        .isFalse());
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(request(path, "s3cret").build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return client.send(
                request(path, "s3cret").POST(BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(String path, String token) {
        return HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + token);
    }

    private static URI uri(String path) {
        return URI.create("http://127.0.0.1:%d%s".formatted(SERVER.port(), path));
    }
}
