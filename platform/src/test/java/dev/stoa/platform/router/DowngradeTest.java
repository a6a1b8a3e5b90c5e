package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What an HTTP/2 client can say that HTTP/1.1 behind would hear as something else. What counts is which bytes reach the app, and that
 * the other requests of the connection are none the worse for it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DowngradeTest {
    private static final String GET = ":method=GET :scheme=http :authority=shop.localhost :path=/";
    private static final String EVIL = "GET /evil HTTP/1.1\r\nHost: shop.localhost\r\n\r\n";

    private final TestRouter edge = new TestRouter();
    private final BlockingQueue<String> reached = new LinkedBlockingQueue<>();
    private final FakeInstance web = new FakeInstance("web.1", peer -> {
        for (String message = peer.readMessage(); !message.isEmpty(); message = peer.readMessage()) {
            reached.add(message);
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });

    DowngradeTest() {
        edge.route(web);
    }

    @BeforeEach
    void forget() {
        reached.clear();
    }

    @AfterAll
    void close() {
        edge.close();
        web.close();
    }

    private FramePeer client() {
        return new FramePeer(edge.router.port());
    }

    /**
     * In the tables, a space parts fields, = a name from its value; ~ is a line end, ^ a line feed, ! a return, $ a zero byte, · a blank,
     * and GET and POST a whole head.
     */
    static String[] fields(String table) {
        List<String> fields = new ArrayList<>();
        String whole = table.replaceAll("(?<=^| )GET(?= |$)", GET)
                .replaceAll("(?<=^| )POST(?= |$)", GET.replace("GET", "POST"));
        for (String field : whole.split(" ", -1)) {
            for (String part : field.split("=", 2)) {
                fields.add(part.replace("~", "\r\n")
                        .replace("^", "\n")
                        .replace("!", "\r")
                        .replace("$", "\0")
                        .replace("·", " "));
            }
        }
        return fields.toArray(new String[0]);
    }

    private void onlyTheNextReachesTheApp(FramePeer client, int stream) {
        assertThat(client.get(stream, "shop.localhost", "/after").answer(stream).text())
                .isEqualTo("ok");
        assertThat(reached)
                .hasSize(1)
                .first()
                .asString()
                .startsWith("GET /after ")
                .doesNotContain("evil");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "8.2.1 upper case in a name       | GET X-Upper=1",
                "8.2.1 upper case within a name   | GET x-uPper=1",
                "8.2.1 a line end in a value      | GET x-a=b~x-evil:·1",
                "8.2.1 a line feed in a value     | GET x-a=b^x-evil:·1",
                "8.2.1 a return in a value        | GET x-a=b!x-evil:·1",
                "8.2.1 a line end at the end      | GET x-a=b~",
                "8.2.1 a zero in a value          | GET x-a=b$c",
                "8.2.1 a control in a value       | GET x-a=b\u0001c",
                "8.2.1 a delete in a value        | GET x-a=b\u007fc",
                "8.2.1 a blank before a value     | GET x-a=·b",
                "8.2.1 a blank behind a value     | GET x-a=b·",
                "8.2.1 a tab before a value       | GET x-a=\tb",
                "8.2.1 a tab behind a value       | GET x-a=b\t x-b=1",
                "8.2.1 a line end in a name       | GET x-a:·b~x-evil=1",
                "8.2.1 a line feed in a name      | GET x-a^x-evil=1",
                "8.2.1 a return in a name         | GET x-a!=1",
                "8.2.1 a zero in a name           | GET x-a$=1",
                "8.2.1 a colon in a name          | GET x:a=1",
                "8.2.1 a colon behind a name      | GET x-a:=1",
                "8.2.1 a blank in a name          | GET x·a=1",
                "8.2.1 a blank before a name      | GET ·x-a=1",
                "8.2.1 a blank behind a name      | GET transfer-encoding·=chunked",
                "8.2.1 a tab behind a name        | GET content-length\t=5",
                "8.2.1 a control in a name        | GET x\u0001a=1",
                "8.2.1 a delete in a name         | GET x\u007fa=1",
                "8.2.1 beyond ASCII in a name     | GET x\u00e9a=1",
                "8.2.1 an empty name              | GET =1",
                "8.2.2 Connection                 | GET connection=close",
                "8.2.2 Connection, names others   | GET connection=x-forwarded-for",
                "8.2.2 Keep-Alive                 | GET keep-alive=5",
                "8.2.2 Proxy-Connection           | GET proxy-connection=close",
                "8.2.2 Transfer-Encoding          | GET transfer-encoding=chunked",
                "8.2.2 Transfer-Encoding, none    | GET transfer-encoding=",
                "8.2.2 Transfer-Encoding, twice   | GET transfer-encoding=identity transfer-encoding=chunked",
                "8.2.2 TE.CL                      | POST transfer-encoding=chunked content-length=5",
                "8.2.2 CL.TE                      | POST content-length=5 transfer-encoding=chunked",
                "8.2.2 Upgrade                    | GET upgrade=websocket",
                "8.2.2 Upgrade to HTTP/2          | GET upgrade=h2c http2-settings=AAMAAABkAAQAAP__",
                "8.2.2 TE other than trailers     | GET te=gzip",
                "8.2.2 TE, trailers and more      | GET te=trailers,gzip",
                "8.2.2 TE, trailers with a weight | GET te=trailers;q=0.5",
                "8.3 a pseudo-header at the end   | :method=GET :scheme=http x-a=1 :authority=shop.localhost :path=/",
                "8.3 the path at the end          | :method=GET :scheme=http :authority=shop.localhost x-a=1 :path=/",
                "8.3 an unknown pseudo-header     | GET :evil=1",
                "8.3 one without a name           | GET :=1",
                "8.3 one in upper case            | :Method=GET :scheme=http :authority=shop.localhost :path=/",
                "8.3 one of answers               | GET :status=200",
                "8.3 a method twice               | :method=GET GET",
                "8.3 a path twice                 | :path=/x GET",
                "8.3 a scheme twice               | :scheme=http GET",
                "8.3 an authority twice           | :authority=shop.localhost GET",
                "8.3 one twice, at the end        | GET :path=/evil",
                "8.3.1 nothing at all             | x-a=1",
                "8.3.1 no method                  | :scheme=http :authority=shop.localhost :path=/",
                "8.3.1 an empty method            | :method= :scheme=http :authority=shop.localhost :path=/",
                "8.3.1 no scheme                  | :method=GET :authority=shop.localhost :path=/",
                "8.3.1 an empty scheme            | :method=GET :scheme= :authority=shop.localhost :path=/",
                "8.3.1 no path                    | :method=GET :scheme=http :authority=shop.localhost",
                "8.3.1 an empty path              | :method=GET :scheme=http :authority=shop.localhost :path=",
                "8.3.1 an empty path, OPTIONS     | :method=OPTIONS :scheme=http :authority=shop.localhost :path=",
                "8.3.1 a path without a slash     | :method=GET :scheme=http :authority=shop.localhost :path=x",
                "8.3.1 a query alone              | :method=GET :scheme=http :authority=shop.localhost :path=?x",
                "8.3.1 a path with a blank        | :method=GET :scheme=http :authority=shop.localhost :path=/·HTTP/1.1",
                "8.3.1 a blank behind a path      | :method=GET :scheme=http :authority=shop.localhost :path=/·",
                "8.3.1 a path with a line end     |"
                        + " :method=GET :scheme=http :authority=shop.localhost :path=/·HTTP/1.1~x-evil:·1~~",
                "8.3.1 a path with a line feed    | :method=GET :scheme=http :authority=shop.localhost :path=/^evil",
                "8.3.1 a path with a zero         | :method=GET :scheme=http :authority=shop.localhost :path=/$",
                "8.3.1 a path with a tab          | :method=GET :scheme=http :authority=shop.localhost :path=/\tx",
                "8.3.1 a path with a delete       | :method=GET :scheme=http :authority=shop.localhost :path=/\u007f",
                "8.3.1 a path with a fragment     | :method=GET :scheme=http :authority=shop.localhost :path=/#evil",
                "8.3.1 an absolute path           | :method=GET :scheme=http :authority=shop.localhost :path=http://other/",
                "8.3.1 a star for a GET           | :method=GET :scheme=http :authority=shop.localhost :path=*",
                "8.3.1 a star and more            | :method=OPTIONS :scheme=http :authority=shop.localhost :path=*x",
                "8.3.1 a method with a blank      | :method=GET·/evil :scheme=http :authority=shop.localhost :path=/",
                "8.3.1 a blank before a method    | :method=·GET :scheme=http :authority=shop.localhost :path=/",
                "8.3.1 a method with a line end   | :method=GET~ :scheme=http :authority=shop.localhost :path=/",
                "8.3.1 a method with a tab        | :method=GET\t/evil :scheme=http :authority=shop.localhost :path=/",
                "8.3.1 a method that is no token  | :method=G(T :scheme=http :authority=shop.localhost :path=/",
                "8.3.1 a method beyond ASCII      | :method=G\u00c9T :scheme=http :authority=shop.localhost :path=/",
                "8.3.1 another scheme             | :method=GET :scheme=ftp :authority=shop.localhost :path=/",
                "8.3.1 a scheme with its colon    | :method=GET :scheme=http: :authority=shop.localhost :path=/",
                "8.3.1 a scheme with a line end   | :method=GET :scheme=http~x:·y :authority=shop.localhost :path=/",
                "8.3.1 neither authority nor Host | :method=GET :scheme=http :path=/",
                "8.3.1 an empty authority         | :method=GET :scheme=http :authority= :path=/",
                "8.3.1 an empty Host              | :method=GET :scheme=http :path=/ host=",
                "8.3.1 Host against authority     | GET host=other.localhost",
                "8.3.1 Host with another port     | GET host=shop.localhost:81",
                "8.3.1 two Hosts                  | GET host=shop.localhost host=shop.localhost",
                "8.3.1 two Hosts, no authority    | :method=GET :scheme=http :path=/ host=shop.localhost host=evil",
                "8.3.1 a user in the authority    | :method=GET :scheme=http :authority=me@shop.localhost :path=/",
                "8.3.1 a password in it           | :method=GET :scheme=http :authority=me:x@shop.localhost :path=/",
                "8.3.1 a path in the authority    | :method=GET :scheme=http :authority=shop.localhost/x :path=/",
                "8.3.1 a query in the authority   | :method=GET :scheme=http :authority=shop.localhost?x :path=/",
                "8.3.1 a blank in the authority   | :method=GET :scheme=http :authority=shop.localhost·x :path=/",
                "8.3.1 two authorities in one     | :method=GET :scheme=http :authority=shop.localhost,evil :path=/",
                "8.3.1 a port that is a word      | :method=GET :scheme=http :authority=shop.localhost:http :path=/",
                "8.3.1 two ports                  | :method=GET :scheme=http :authority=shop.localhost:80:80 :path=/",
                "8.3.1 an open bracket            | :method=GET :scheme=http :authority=[::1 :path=/",
                "8.3.1 an encoded authority       | :method=GET :scheme=http :authority=%73hop.localhost :path=/",
                "8.3.1 a line end in authority    | :method=GET :scheme=http :authority=shop.localhost~x:·y :path=/",
                "8.5 CONNECT                      | :method=CONNECT :authority=shop.localhost:80",
                "8.5 CONNECT with a path          | :method=CONNECT :scheme=http :authority=shop.localhost :path=/",
                "8.5 CONNECT in lower case        | :method=connect :authority=shop.localhost:80",
                "8441 a protocol without CONNECT  | GET :protocol=websocket",
                "8441 another protocol            |"
                        + " :method=CONNECT :protocol=h2c :scheme=http :authority=shop.localhost :path=/",
                "8441 an empty protocol           | :method=CONNECT :protocol= :scheme=http :authority=shop.localhost :path=/",
                "8441 a list of protocols         |"
                        + " :method=CONNECT :protocol=websocket,h2c :scheme=http :authority=shop.localhost :path=/",
                "8441 a protocol twice            |"
                        + " :method=CONNECT :protocol=websocket :protocol=websocket :scheme=http :authority=shop.localhost :path=/",
                "8441 no path                     | :method=CONNECT :protocol=websocket :scheme=http :authority=shop.localhost",
                "8441 no scheme                   | :method=CONNECT :protocol=websocket :authority=shop.localhost :path=/",
                "8441 no authority                | :method=CONNECT :protocol=websocket :scheme=http :path=/",
                "8.1.1 a length and other data    | POST content-length=5",
                "8.1.1 two lengths                | POST content-length=0 content-length=5",
                "8.1.1 the same length twice      | POST content-length=5 content-length=5",
                "8.1.1 lengths in a list          | POST content-length=5,5",
                "8.1.1 a signed length            | POST content-length=+0",
                "8.1.1 a negative length          | POST content-length=-1",
                "8.1.1 a length that is a word    | POST content-length=zero",
                "8.1.1 an empty length            | POST content-length=",
                "8.1.1 a length in hexadecimal    | POST content-length=0x5",
                "8.1.1 a length that overflows    | POST content-length=99999999999999999999",
                "9110-10.1.1 another expectation  | POST expect=miracles",
            })
    void aMalformedRequestReachesNobody(String name, String table) {
        try (FramePeer client = client()) {
            client.headers(1, false, fields(table)).data(1, EVIL, true);
            assertThat(client.answer(1).outcome()).isIn("400", "417", "reset 1");
            client.headers(3, true, fields(table));
            assertThat(client.answer(3).outcome()).isIn("400", "417", "reset 1");
            // Whatever the client says on those streams later comes too late.
            client.reset(1, 8).window(3, 100);
            onlyTheNextReachesTheApp(client, 5);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "8.2.3 crumbs of a cookie     | GET cookie=a=1 x-a=1 cookie=b=2 | GET / HTTP/1.1~x-a: 1~cookie: a=1; b=2~",
                "8.2.3 one cookie             | GET cookie=a=1;·b=2      | GET / HTTP/1.1~cookie: a=1; b=2~",
                "8.2.2 TE: trailers ends here | GET te=trailers x-a=1    | GET / HTTP/1.1~x-a: 1~",
                "8.2.1 a colon in a value     | GET x-a=b:c              | GET / HTTP/1.1~x-a: b:c~",
                "8.2.1 an empty value         | GET x-a= x-b=1           | GET / HTTP/1.1~x-a: ~x-b: 1~",
                "8.2.1 a blank in a value     | GET x-a=b·\tc            | GET / HTTP/1.1~x-a: b \tc~",
                "8.2.1 one name, two values   | GET x-a=1 x-a=2          | GET / HTTP/1.1~x-a: 1~x-a: 2~",
                "8.3.1 no authority, but Host | :method=GET :scheme=http :path=/ host=shop.localhost"
                        + " | GET / HTTP/1.1~host: shop.localhost~",
                "8.3.1 Host as the authority  | GET host=SHOP.localhost  | GET / HTTP/1.1~host: shop.localhost~",
                "8.3.1 an authority's port    | :method=GET :scheme=http :authority=shop.localhost:8080 :path=/"
                        + " | GET / HTTP/1.1~host: shop.localhost:8080~",
                "8.3.1 a scheme in upper case | :method=GET :scheme=HTTPS :authority=shop.localhost :path=/ | GET / HTTP/1.1~",
                "8.3.1 a star for OPTIONS     | :method=OPTIONS :scheme=http :authority=shop.localhost :path=*"
                        + " | OPTIONS * HTTP/1.1~",
                "8.3.1 a method in lower case | :method=get :scheme=http :authority=shop.localhost :path=/ | get / HTTP/1.1~",
                "8.3.1 a method of its own    | :method=PROP-FIND :scheme=http :authority=shop.localhost :path=/"
                        + " | PROP-FIND / HTTP/1.1~",
                "8.3.1 two slashes            | :method=GET :scheme=http :authority=shop.localhost :path=//evil/x"
                        + " | GET //evil/x HTTP/1.1~",
                "8.3.1 a path that goes up    | :method=GET :scheme=http :authority=shop.localhost :path=/a/../b/%2e%2E?c?d"
                        + " | GET /a/../b/%2e%2E?c?d HTTP/1.1~",
                "8.3.1 a path beyond ASCII    | :method=GET :scheme=http :authority=shop.localhost :path=/\u00e9"
                        + " | GET /\u00e9 HTTP/1.1~",
                "8.3.1 encoded line ends      | :method=GET :scheme=http :authority=shop.localhost :path=/%0d%0a%20x"
                        + " | GET /%0d%0a%20x HTTP/1.1~",
                "8.1.1 a length of nothing    | POST content-length=0    | POST / HTTP/1.1~content-length: 0~",
                "8.1.1 no length, no body     | POST x-a=1               | POST / HTTP/1.1~x-a: 1~content-length: 0~",
                "9110-7.6.1 Proxy-*           | GET proxy-authorization=x proxy=x x-a=1 | GET / HTTP/1.1~x-a: 1~",
                "who is asking, by underscore | GET x_forwarded_for=evil x_real_ip=evil x_own=1 | GET / HTTP/1.1~x_own: 1~",
                "length and encoding, likewise| GET content_length=5 transfer_encoding=chunked x-a=1"
                        + " | GET / HTTP/1.1~x-a: 1~",
                "who is asking, by other names| GET x-real-ip=evil forwarded=for=evil | GET / HTTP/1.1~x-real-ip: 127.0.0.1~",
                "who is asking                | GET x-forwarded-for=1.2.3.4 | GET / HTTP/1.1~x-forwarded-for: 1.2.3.4, 127.0.0.1~",
                "how it came                  | GET x-forwarded-proto=evil | GET / HTTP/1.1~x-forwarded-proto: http~",
            })
    void whatIsPlainReachesTheAppInOneForm(String name, String table, String expected) throws InterruptedException {
        try (FramePeer client = client()) {
            assertThat(client.headers(1, true, fields(table)).answer(1).text()).isEqualTo("ok");
            assertThat(lines(nextReached())).containsSubsequence(expected.split("~", -1));
            onlyTheNextReachesTheApp(client, 3);
        }
    }

    private String nextReached() throws InterruptedException {
        String next = reached.poll(10, TimeUnit.SECONDS);
        assertThat(next).as("what reached the app").isNotNull().doesNotContain("evil\r", "\r\nte:", "\r\n:");
        return next;
    }

    private static String[] lines(String message) {
        return message.split("\r\n", -1);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "no length       | POST                   | EVIL | transfer-encoding: chunked",
                "a length        | POST content-length=44 | EVIL | content-length: 44",
                "of a GET        | GET                    | EVIL | transfer-encoding: chunked",
                "chunks in a body| POST                   | 0~~EVIL | transfer-encoding: chunked",
            })
    void aBodyIsABodyWhateverIsInIt(String name, String table, String text, String framing)
            throws InterruptedException {
        String body = text.replace("EVIL", EVIL).replace("~", "\r\n");
        try (FramePeer client = client()) {
            client.headers(1, false, fields(table)).data(1, body.substring(0, 3), false);
            client.data(1, body.substring(3), true);
            assertThat(client.answer(1).text()).isEqualTo("ok");
            String message = reached.poll(10, TimeUnit.SECONDS);
            assertThat(message).contains("\r\n" + framing + "\r\n").endsWith("\r\n\r\n" + body);
            onlyTheNextReachesTheApp(client, 3);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "short, by data      | content-length=9  | hello | ",
                "short, by trailers  | content-length=9  | hello | x-t=1",
                "long                | content-length=3  | hello | ",
                "a pseudo-header     | x-a=1             | hello | :path=/evil",
                "a line end in one   | x-a=1             | hello | x-t=1~x-evil:·1",
                "upper case in one   | x-a=1             | hello | X-T=1",
                "Transfer-Encoding   | x-a=1             | hello | transfer-encoding=chunked",
                "Connection          | x-a=1             | hello | connection=close",
            })
    void aBodyThatIsNotWhatItsHeadSaysNeverLooksWhole(String name, String head, String data, String trailers) {
        try (FramePeer client = client()) {
            client.headers(1, false, fields("POST " + head)).data(1, data, trailers == null);
            if (trailers != null) {
                client.headers(1, true, fields(trailers));
            }
            assertThat(client.answer(1).outcome()).isEqualTo("reset 1");
            assertThat(client.get(3, "shop.localhost", "/after").answer(3).text())
                    .isEqualTo("ok");
            assertThat(reached)
                    .filteredOn(message -> message.startsWith("POST"))
                    .allSatisfy(message -> assertThat(message)
                            .satisfiesAnyOf(
                                    cut -> assertThat(cut).doesNotContain("hello"),
                                    cut -> assertThat(cut).contains("content-length: 9")));
            assertThat(reached)
                    .filteredOn(message -> message.contains("/after"))
                    .hasSize(1);
        }
    }

    @Test
    void trailersWithoutAnEndAreRefused() {
        try (FramePeer client = client()) {
            client.headers(1, false, fields("POST")).data(1, "hello", false).headers(1, false, "x-t", "1");
            assertThat(client.answer(1).outcome()).isEqualTo("reset 1");
        }
    }

    @Test
    void trailersReachTheAppButForThoseThatWouldChangeTheRequest() throws InterruptedException {
        try (FramePeer client = client()) {
            client.headers(1, false, fields("POST"))
                    .data(1, "hello", false)
                    .headers(
                            1,
                            true,
                            fields(
                                    "x-t=1 host=evil cookie=evil authorization=evil content-length=60 x-forwarded-for=evil"
                                            + " x-real-ip=evil forwarded=evil x_request_id=evil trailer=evil te=trailers"));
            assertThat(client.answer(1).text()).isEqualTo("ok");
            assertThat(nextReached()).endsWith("\r\n\r\nhellox-t: 1\r\n").doesNotContain("evil", "content-length");
            onlyTheNextReachesTheApp(client, 3);
        }
    }

    @Test
    void anAskForAWebSocketIsAnUpgradeAndNothingElse() throws InterruptedException {
        try (FramePeer client = client()) {
            client.headers(
                            1,
                            false,
                            fields(
                                    ":method=CONNECT :protocol=websocket :scheme=http :authority=shop.localhost :path=/ws?a"
                                            + " sec-websocket-version=13 sec-websocket-key=evil content-length=44"))
                    .data(1, EVIL, false);
            // The app answered as if it were any other request.
            assertThat(client.answer(1).outcome()).isEqualTo("502");
            assertThat(lines(nextReached()))
                    .contains("GET /ws?a HTTP/1.1", "upgrade: websocket", "connection: upgrade")
                    .filteredOn(line -> line.startsWith("sec-websocket-key: "))
                    .hasSize(1);
            onlyTheNextReachesTheApp(client, 3);
        }
    }

    @Test
    void theLineOfARequestIsNeverLongerThanOverHttp11() {
        try (FramePeer client = client()) {
            String[] fields = fields(GET);
            fields[1] = "M".repeat(8000);
            fields[7] = "/" + "p".repeat(200);
            assertThat(client.headers(1, true, fields).answer(1).outcome()).isEqualTo("414");
            onlyTheNextReachesTheApp(client, 3);
        }
    }

    @Test
    void requestsBeyondTheStreamsOfAConnectionAreRefusedOneByOne() throws InterruptedException {
        int count = 2 * Http2Channel.STREAMS_MAX + 100;
        try (FramePeer client = client()) {
            // All of them are open before the first has ended.
            for (int i = 0; i < count; i++) {
                client.post(2 * i + 1, "shop.localhost", "/" + i);
            }
            for (int i = 0; i < count; i++) {
                client.data(2 * i + 1, "hello", true);
            }
            int refused = 0;
            for (int i = 0; i < count; i++) {
                String outcome = client.answer(2 * i + 1).outcome();
                assertThat(outcome).isIn("200", "reset 7");
                refused += outcome.equals("reset 7") ? 1 : 0;
            }
            assertThat(count - refused).isEqualTo(Http2Channel.STREAMS_MAX);
            assertThat(reached).hasSize(Http2Channel.STREAMS_MAX);
            reached.clear();
            onlyTheNextReachesTheApp(client, 2 * count + 1);
        }
    }
}
