package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A request that hides another: what counts is which bytes reach the app, whatever the client is told. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SmugglingTest {
    private final TestRouter edge = new TestRouter(TestRouter.impatient());
    private final ByteArrayOutputStream reached = new ByteArrayOutputStream();

    /** Hears everything, byte by byte, and answers whatever looks like the end of a head. */
    private final FakeInstance web = new FakeInstance("web.1", peer -> {
        StringBuilder head = new StringBuilder();
        for (int b = peer.readByte(); b >= 0; b = peer.readByte()) {
            reached.write(b);
            head.append((char) b);
            if (head.toString().endsWith("\r\n\r\n")) {
                head.setLength(0);
                peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        }
    });

    SmugglingTest() {
        edge.route(web);
    }

    @AfterAll
    void close() {
        edge.close();
        web.close();
    }

    /** In the table, ~ is a line end, ^ a line feed, ! a return, $ a zero byte, and EVIL a request. */
    static String wire(String table) {
        return table.replace("EVIL", "GET /evil HTTP/1.1~Host: shop.localhost~~")
                .replace("HOST", "Host: shop.localhost")
                .replace("~", "\r\n")
                .replace("^", "\n")
                .replace("!", "\r")
                .replace("$", "\0");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = true,
            value = {
                "9112-6.1 CL.TE                    | POST / HTTP/1.1~HOST~Content-Length: 6~Transfer-Encoding:"
                        + " chunked~~0~~EVIL",
                "9112-6.1 TE.CL                    | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~Content-Length:"
                        + " 3~~40~EVIL~0~~",
                "9112-6.1 TE.TE, one unknown       | POST / HTTP/1.1~HOST~Transfer-Encoding:"
                        + " chunked~Transfer-Encoding: x~~0~~EVIL",
                "9112-6.1 TE.TE, one empty         | POST / HTTP/1.1~HOST~Transfer-Encoding:~Transfer-Encoding:"
                        + " chunked~~0~~EVIL",
                "9112-6.1 chunked in quotes        | POST / HTTP/1.1~HOST~Transfer-Encoding: \"chunked\"~~0~~EVIL",
                "9112-6.1 chunked with a parameter | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked;x~~0~~EVIL",
                "9112-6.1 chunked before gzip      | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked, gzip~~0~~EVIL",
                "9112-6.1 gzip before chunked      | POST / HTTP/1.1~HOST~Transfer-Encoding: gzip, chunked~~0~~EVIL",
                "9112-6.1 a return before chunked  | POST / HTTP/1.1~HOST~Transfer-Encoding: !chunked~~0~~EVIL",
                "9112-6.1 a zero after chunked     | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked$~~0~~EVIL",
                "9112-6.1 chunked for HTTP/1.0     | POST / HTTP/1.0~HOST~Transfer-Encoding: chunked~~0~~EVIL",
                "9112-6.3 two lengths              | POST / HTTP/1.1~HOST~Content-Length: 0~Content-Length: 60~~EVIL",
                "9112-6.3 two lengths, HTTP/1.0    | POST / HTTP/1.0~HOST~Content-Length: 0~Content-Length: 60~~EVIL",
                "9112-6.3 the same length twice    | POST / HTTP/1.0~HOST~Content-Length: 0~Content-Length: 0~~EVIL",
                "9112-6.3 lengths in a list, 1.0   | POST / HTTP/1.0~HOST~Content-Length: 0, 60~~EVIL",
                "9112-6.3 lengths in a list        | POST / HTTP/1.1~HOST~Content-Length: 0, 60~~EVIL",
                "9112-6.3 a length with a sign     | POST / HTTP/1.1~HOST~Content-Length: +0~~EVIL",
                "9112-6.3 a length in hexadecimal  | POST / HTTP/1.1~HOST~Content-Length: 0x0~~EVIL",
                "9112-6.3 a length that overflows  | POST / HTTP/1.1~HOST~Content-Length: 18446744073709551616~~EVIL",
                "9112-6.3 a length with a blank    | POST / HTTP/1.1~HOST~Content-Length: 0 0~~EVIL",
                "9112-6.3 an empty length          | POST / HTTP/1.1~HOST~Content-Length:~~EVIL",
                "9112-5.1 a blank before the colon | POST / HTTP/1.1~HOST~Content-Length : 0~~EVIL",
                "9112-5.1 a tab before the colon   | POST / HTTP/1.1~HOST~Transfer-Encoding\t: chunked~~0~~EVIL",
                "9112-5.1 a blank before the name  | POST / HTTP/1.1~ Transfer-Encoding: chunked~HOST~~0~~EVIL",
                "9112-5.2 folded                   | POST / HTTP/1.1~HOST~Transfer-Encoding:~ chunked~~0~~EVIL",
                "9112-5.2 folded after a length    | POST / HTTP/1.1~HOST~Content-Length: 0~ 9~~EVIL",
                "9112-2.2 line feeds alone         | POST / HTTP/1.1^Host: shop.localhost^^EVIL",
                "9112-2.2 a line feed in a header  | POST / HTTP/1.1~HOST~X-A: b^Content-Length: 60~~EVIL",
                "9112-2.2 a return in a header     | POST / HTTP/1.1~HOST~X-A: b!Content-Length: 60~~EVIL",
                "9112-2.2 a line feed ends a head  | POST / HTTP/1.1~HOST~X-A: b~^EVIL",
                "9112-7.1 a size with 0x           | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~0x0~~EVIL",
                "9112-7.1 a size with a sign       | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~+0~~EVIL",
                "9112-7.1 a negative size          | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~-1~~EVIL",
                "9112-7.1 a size that overflows    | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~100000000~EVIL",
                "9112-7.1 an empty size            | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~~EVIL",
                "9112-7.1 a word for a size        | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~g~EVIL",
                "9112-7.1 a line feed after a size | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~0^~EVIL",
                "9112-7.1 more than the size       | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~1~aEVIL",
                "9112-7.1 a line feed after data   | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~1~a^0~~EVIL",
                "9112-7.1.1 a feed in an extension | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~0;a^~EVIL",
                "9112-7.1.1 a return in one        | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~0;a!b~~EVIL",
                "9112-7.1.2 a folded trailer       | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~0~X-A: b^ EVIL",
                "9112-7.1 a blank after a size     | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~0 ~~EVIL",
                "9112-7.1 a blank before a size    | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~ 0~~EVIL",
                "9112-7.1 a comma behind a size    | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~0,a~~EVIL",
                "9112-7.1 a return behind data     | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~1~a!0~~EVIL",
                "9112-7.1 less than the size       | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~3~a~0~~EVIL",
                "9112-7.1.1 a line end in quotes   | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~1;a=\"~a~0~~EVIL",
                "9112-7.1.1 a feed in quotes       | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~1;a=\"^x\"~a~0~~EVIL",
                "9112-7.1.1 a zero in an extension | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~1;a$b~a~0~~EVIL",
                "9112-7.1.2 a blank in a trailer   | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~0~X-A : b~~EVIL",
                "9112-7.1.2 a trailer of no name   | POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~~0~words~~EVIL",
                "9112-6.1 a vertical tab           | POST / HTTP/1.1~HOST~Transfer-Encoding: \u000bchunked~~0~~EVIL",
                "9112-3.2 Hosts in a list          | GET / HTTP/1.1~Host: shop.localhost, evil~~EVIL",
                "9112-3 a control in the target    | GET /a\u0001b HTTP/1.1~HOST~~EVIL",
                "9112-3 a delete in the target     | GET /a\u007fb HTTP/1.1~HOST~~EVIL",
                "9112-3.2 two Hosts                | GET / HTTP/1.1~HOST~Host: other~~EVIL",
                "9112-3.2 no Host                  | GET / HTTP/1.1~~EVIL",
                "9112-3 a blank in the target      | GET / x HTTP/1.1~HOST~~EVIL",
                "9112-3 two blanks behind a method | GET  / HTTP/1.1~HOST~~EVIL",
                "9112-3 two blanks before HTTP     | GET /  HTTP/1.1~HOST~~EVIL",
                "9112-3 a tab behind a method      | GET\t/ HTTP/1.1~HOST~~EVIL",
                "9112-3 a tab before HTTP          | GET /\tHTTP/1.1~HOST~~EVIL",
                "9112-3 a vertical tab in between  | GET\u000b/ HTTP/1.1~HOST~~EVIL",
                "9112-3 a form feed in between     | GET /\fHTTP/1.1~HOST~~EVIL",
                "9112-3 a return in between        | GET /!HTTP/1.1~HOST~~EVIL",
                "9112-3 a blank at the end         | GET / HTTP/1.1 ~HOST~~EVIL",
                "9112-3 a tab at the end           | GET / HTTP/1.1\t~HOST~~EVIL",
                "9112-2.2 a blank before a method  | ~ GET / HTTP/1.1~HOST~~EVIL",
                "9112-2.2 a tab before a method    | ~\tGET / HTTP/1.1~HOST~~EVIL",
                "9112-2.2 a zero before a method   | $GET / HTTP/1.1~HOST~~EVIL",
                "9112-2.2 a control before it      | ~\u0001GET / HTTP/1.1~HOST~~EVIL",
                "9112-2.3 a version in lower case  | GET / http/1.1~HOST~~EVIL",
                "9112-2.3 a version in mixed case  | GET / Http/1.1~HOST~~EVIL",
                "9112-2.3 a version without slash  | GET / HTTP1.1~HOST~~EVIL",
                "9112-2.3 a version with a zero    | GET / HTTP/01.1~HOST~~EVIL",
                "9112-2.3 a version with a sign    | GET / HTTP/+1.1~HOST~~EVIL",
                "9112-2.3 a longer version         | GET / HTTP/1.10~HOST~~EVIL",
                "9112-2.3 no minor version         | GET / HTTP/1~HOST~~EVIL",
                "9112-2.3 no version               | GET /~HOST~~EVIL",
                "9112-2.3 HTTP/2 in the middle     | GET / HTTP/2.0~HOST~~EVIL",
                "9112-3.1 a method that is no token| G(T / HTTP/1.1~HOST~~EVIL",
                "9112-3.1 a method in quotes       | \"GET\" / HTTP/1.1~HOST~~EVIL",
                "9112-3.1 a method beyond ASCII    | G\u00c9T / HTTP/1.1~HOST~~EVIL",
                "9112-3.1 a method with a zero     | GE$T / HTTP/1.1~HOST~~EVIL",
                "9112-3.2 a fragment               | GET /#a HTTP/1.1~HOST~~EVIL",
                "9112-3.2 a fragment, absolute     | GET http://shop.localhost/#a HTTP/1.1~HOST~~EVIL",
                "9112-3.2 a fragment for a path    | GET http://shop.localhost#@evil/ HTTP/1.1~HOST~~EVIL",
                "9112-3.2.2 a user in the target   | GET http://a@shop.localhost/ HTTP/1.1~HOST~~EVIL",
                "9112-3.2.2 no host in the target  | GET http:///evil HTTP/1.1~HOST~~EVIL",
                "9112-3.2.2 one slash too few      | GET http:/shop.localhost/ HTTP/1.1~HOST~~EVIL",
                "9112-3.2.4 a star for GET         | GET * HTTP/1.1~HOST~~EVIL",
                "9112-3.2.4 a star and more        | OPTIONS *x HTTP/1.1~HOST~~EVIL",
                "9112-3.2 an empty Host            | GET / HTTP/1.1~Host:~~EVIL",
                "9112-3.2 a blank in the Host      | GET / HTTP/1.1~Host: shop.localhost x~~EVIL",
                "9112-3.2 a tab in the Host        | GET / HTTP/1.1~Host: shop.localhost\tx~~EVIL",
                "9112-3.2 a port that is a word    | GET / HTTP/1.1~Host: shop.localhost:http~~EVIL",
                "9112-5 no name                    | GET / HTTP/1.1~HOST~: x~~EVIL",
                "9112-5 a name in quotes           | GET / HTTP/1.1~HOST~\"X-A\": x~~EVIL",
                "9112-5 a zero in a name           | GET / HTTP/1.1~HOST~X$A: x~~EVIL",
                "9112-5 a control in a name        | GET / HTTP/1.1~HOST~X\u0001A: x~~EVIL",
                "9112-5 a delete in a name         | GET / HTTP/1.1~HOST~X\u007fA: x~~EVIL",
                "9112-5 beyond ASCII in a name     | GET / HTTP/1.1~HOST~X\u00e9A: x~~EVIL",
                "9112-5 a return behind a name     | GET / HTTP/1.1~HOST~X-A!: x~~EVIL",
                "9112-5.2 a folded first header    | GET / HTTP/1.1~ HOST~~EVIL",
                "9112-5.2 folded by a tab          | GET / HTTP/1.1~HOST~X-A: b~\tc~~EVIL",
                "9112-5.2 folded, of blanks alone  | GET / HTTP/1.1~HOST~X-A: b~   ~~EVIL",
                "9110-5.5 a zero in a value        | GET / HTTP/1.1~HOST~X-A: b$c~~EVIL",
                "9110-5.5 a vertical tab in a value| GET / HTTP/1.1~HOST~X-A: b\u000bc~~EVIL",
                "9110-5.5 a control in a value     | GET / HTTP/1.1~HOST~X-A: b\u0001c~~EVIL",
                "9110-5.5 a delete in a value      | GET / HTTP/1.1~HOST~X-A: b\u007fc~~EVIL",
                "9110-10.1.1 another expectation   | POST / HTTP/1.1~HOST~Expect: x~Content-Length: 5~~EVIL",
                "9112-3 two versions               | GET / HTTP/1.1 HTTP/1.1~HOST~~EVIL",
                "9110-9.3.6 CONNECT                | CONNECT shop.localhost:80 HTTP/1.1~Host: shop.localhost:80~~EVIL",
            })
    void whatIsHiddenNeverReachesTheApp(String name, String table) {
        reached.reset();
        try (Conversation client = edge.connect()) {
            client.write(wire(table));
            String answer = client.readAll();
            assertThat(answer).doesNotContain("ok");
        }
        // Whatever was sent is there by the time that the app hears the next request.
        try (Conversation client = edge.connect()) {
            assertThat(client.write(wire("GET /after HTTP/1.1~HOST~~")).readMessage())
                    .endsWith("ok");
        }
        assertThat(reached.toString(StandardCharsets.ISO_8859_1))
                .contains("GET /after ")
                .doesNotContain("evil");
    }

    @Test
    void whatIsOddButPlainReachesTheAppInOneForm() {
        reached.reset();
        try (Conversation client = edge.connect()) {
            client.write(
                    wire(
                            "POST / HTTP/1.1~HOST~Transfer-Encoding: chunked~X_Forwarded_For: 6.6.6.6~X-Forwarded_Proto: x~"
                                    + "Transfer_Encoding: x~Content_Length: 9~X_Own: 1~~5 ;a=b~hello~0~"
                                    + "Host: evil~Cookie: evil~X-Forwarded-For: evil~X_Request_Id: evil~Content-Length: 60~X-T: 1~~"));
            // The app takes the end of the head for the end of the request.
            assertThat(client.readMessage()).endsWith("ok");
        }
        Awaitility.await()
                .until(() -> reached.toString(StandardCharsets.ISO_8859_1).endsWith("X-T: 1\r\n\r\n"));
        assertThat(reached.toString(StandardCharsets.ISO_8859_1))
                .endsWith("\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n")
                .contains("X_Own: 1")
                .doesNotContain("6.6.6.6", "evil", "X-Forwarded_Proto", "Transfer_Encoding", "Content_Length");
    }
}
