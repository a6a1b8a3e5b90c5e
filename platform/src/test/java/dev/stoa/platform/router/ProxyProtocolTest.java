package dev.stoa.platform.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stoa.api.AddressRange;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A load balancer in front that says who the client is. */
class ProxyProtocolTest {
    private static final byte[] V2 = {0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
    private static final String GET = "GET / HTTP/1.1\r\nHost: shop.localhost\r\n\r\n";

    private final FakeInstance echo = new FakeInstance("web.2", peer -> {
        for (String head = peer.readHead(); !head.isEmpty(); head = peer.readHead()) {
            String said =
                    Conversation.header(head, "X-Forwarded-For") + " " + Conversation.header(head, "X-Forwarded-Port");
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: " + said.length() + "\r\n\r\n" + said);
        }
    });
    private Router router = start("127.0.0.1");

    private Router start(String proxies) {
        Router made = new Router(TestRouter.CONFIG, request -> {});
        made.behindProxies(List.of(AddressRange.parse(proxies).orElseThrow()));
        made.start();
        made.update(new RouteTable(Map.of("shop.localhost", new Route("shop", List.of(echo.upstream()), ""))));
        return made;
    }

    @AfterEach
    void close() {
        router.close();
        echo.close();
    }

    private static byte[] v2(int command, int family, byte[] addresses) {
        return ByteBuffer.allocate(16 + addresses.length)
                .put(V2)
                .put((byte) (0x20 | command))
                .put((byte) family)
                .putShort((short) addresses.length)
                .put(addresses)
                .array();
    }

    @Test
    void whatItSaysIsToldToTheApp() {
        try (Conversation client = Conversation.with(router.port())) {
            client.write("PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n" + GET);
            assertThat(client.readMessage()).endsWith("203.0.113.7 443");
            assertThat(client.write(GET).readMessage()).endsWith("203.0.113.7 443");
        }
        try (Conversation client = Conversation.with(router.port())) {
            for (char c : ("PROXY TCP6 2001:db8::7 2001:db8::1 1 80\r\n" + GET).toCharArray()) {
                client.write(String.valueOf(c));
            }
            assertThat(client.readMessage()).endsWith("2001:db8:0:0:0:0:0:7 80");
        }
        byte[] addresses = {(byte) 203, 0, 113, 9, (byte) 198, 51, 100, 1, 1, 0, 1, (byte) 187};
        try (Conversation client = Conversation.with(router.port())) {
            client.write(v2(1, 0x11, addresses)).write(GET);
            assertThat(client.readMessage()).endsWith("203.0.113.9 443");
        }
        try (Conversation client = Conversation.with(router.port())) {
            client.write(v2(1, 0x11, addresses)).write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
            client.write(FramePeer.bytes(FramePeer.SETTINGS, 0, 0, new byte[0]));
            client.write(FramePeer.bytes(
                    FramePeer.HEADERS,
                    5,
                    1,
                    FramePeer.block(
                            ":method", "GET", ":scheme", "http", ":authority", "shop.localhost", ":path", "/")));
            StringBuilder said = new StringBuilder();
            while (said.indexOf("203.0.113.9") < 0) {
                said.append((char) client.readByte());
            }
        }
    }

    @Test
    void aProxyThatAsksForItselfIsTheClient() {
        for (byte[] begin : List.of(v2(0, 0, new byte[0]), "PROXY UNKNOWN\r\n".getBytes(StandardCharsets.US_ASCII))) {
            try (Conversation client = Conversation.with(router.port())) {
                client.write(begin).write(GET);
                assertThat(client.readMessage()).contains("\r\n\r\n127.0.0.1 ");
            }
        }
    }

    @Test
    void aProxyThatSaysNothingOrNonsenseIsNotServed() {
        for (String begin :
                List.of(GET, "PROXY TCP4 x y 1 2\r\n" + GET, "PROXY TCP4 1.2.3.4 1.2.3.4 99999 1\r\n" + GET)) {
            try (Conversation client = Conversation.with(router.port())) {
                assertThat(client.write(begin).readAll()).isEmpty();
            }
        }
    }

    @Test
    void fromElsewhereNobodyIsBelieved() {
        router.close();
        router = start("10.0.0.0/8");
        try (Conversation client = Conversation.with(router.port())) {
            assertThat(client.write("PROXY TCP4 203.0.113.7 198.51.100.1 56324 443\r\n" + GET)
                            .readHead())
                    .startsWith("HTTP/1.1 400 ");
        }
        try (Conversation client = Conversation.with(router.port())) {
            assertThat(client.write(GET).readMessage()).contains("\r\n\r\n127.0.0.1 ");
        }
    }
}
