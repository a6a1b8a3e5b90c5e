package dev.stoa.e2e;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2EventAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/** A client's connection of HTTP/2. What it keeps is touched by its event loop alone. */
@SuppressWarnings("FutureReturnValueIgnored")
final class Http2Connection extends Http2EventAdapter implements AutoCloseable {
    private static final SslContext TRUSTING = trusting();

    private final io.netty.handler.codec.http2.Http2Connection state = new DefaultHttp2Connection(false);
    private final Http2ConnectionHandler handler = new Http2ConnectionHandlerBuilder()
            .connection(state)
            .frameListener(this)
            .gracefulShutdownTimeoutMillis(0)
            .build();
    private final Map<Integer, Stream> streams = new HashMap<>();
    private final CompletableFuture<Http2Settings> settings = new CompletableFuture<>();
    private final Channel channel;
    private final boolean secure;
    private boolean leaving;

    /** An answer whose end was seen. */
    record Answer(int status, String body) {}

    /** A stream that bytes go through, both ways. */
    record Tunnel(InputStream in, OutputStream out) {}

    /** What comes on a stream. */
    private interface Stream {
        void head(int status);

        void bytes(byte[] bytes);

        void end();

        void broken(String why);
    }

    private Http2Connection(EventLoopGroup loops, Crowd.Target target, boolean secure) throws IOException {
        this.secure = secure;
        int port = secure ? target.httpsPort() : target.httpPort();
        var connected = new Bootstrap()
                .group(loops)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        if (secure) {
                            made.pipeline().addLast(TRUSTING.newHandler(made.alloc(), target.host(), port));
                        }
                        made.pipeline().addLast(handler);
                    }
                })
                .connect(InetAddress.getLoopbackAddress(), port)
                .awaitUninterruptibly();
        if (!connected.isSuccess()) {
            throw new IOException("cannot connect: " + connected.cause());
        }
        channel = connected.channel();
        channel.closeFuture().addListener(closed -> {
            settings.completeExceptionally(new IOException("closed before its settings came"));
            streams.values().forEach(stream -> stream.broken("closed without an answer"));
            streams.clear();
        });
    }

    /** Returns when the other side has said what it can. */
    static Http2Connection open(EventLoopGroup loops, Crowd.Target target, boolean secure) throws IOException {
        Http2Connection connection = new Http2Connection(loops, target, secure);
        try {
            await(connection.settings);
            return connection;
        } catch (IOException e) {
            connection.close();
            throw e;
        }
    }

    private static SslContext trusting() {
        try {
            return SslContextBuilder.forClient()
                    .sslProvider(SslProvider.JDK)
                    .trustManager(InsecureTrustManagerFactory.INSTANCE)
                    .endpointIdentificationAlgorithm("")
                    .applicationProtocolConfig(new ApplicationProtocolConfig(
                            Protocol.ALPN,
                            SelectorFailureBehavior.NO_ADVERTISE,
                            SelectedListenerFailureBehavior.ACCEPT,
                            ApplicationProtocolNames.HTTP_2))
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static <T> T await(CompletableFuture<T> future) throws IOException {
        try {
            return future.get(Crowd.PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException(String.valueOf(e.getCause()), e);
        } catch (TimeoutException e) {
            throw new IOException("nothing in " + Crowd.PATIENCE_MILLIS + " ms", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Empty if the other side has asked to go elsewhere. */
    Optional<CompletableFuture<Answer>> ask(String host, String path, String body) throws IOException {
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        Http2Headers head = head(body.isEmpty() ? "GET" : "POST", host, path);
        if (!body.isEmpty()) {
            head.setInt("content-length", body.length());
        }
        return begin(head, body, true, new Collected(answer)).isPresent() ? Optional.of(answer) : Optional.empty();
    }

    /** A WebSocket as a stream, RFC 8441. */
    Tunnel tunnel(String host) throws IOException {
        if (!Boolean.TRUE.equals(await(settings).connectProtocolEnabled())) {
            throw new IOException("it offers no WebSockets");
        }
        Flowing flowing = new Flowing();
        Http2Headers head = head("CONNECT", host, "/echo").set(":protocol", "websocket");
        head.set("sec-websocket-version", "13");
        int id =
                begin(head, "", false, flowing).orElseThrow(() -> new IOException("it goes before anything was asked"));
        int status = await(flowing.status);
        if (status != 200) {
            throw new IOException("no WebSocket: status " + status);
        }
        return new Tunnel(flowing, new OutputStream() {
            @Override
            public void write(int one) {
                write(new byte[] {(byte) one}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                channel.eventLoop().execute(() -> {
                    data(id, Unpooled.copiedBuffer(bytes, offset, length), false);
                    channel.flush();
                });
            }
        });
    }

    private Http2Headers head(String method, String host, String path) {
        return new DefaultHttp2Headers()
                .method(method)
                .scheme(secure ? "https" : "http")
                .authority(host)
                .path(path)
                .set("accept", "application/json");
    }

    private Optional<Integer> begin(Http2Headers head, String body, boolean ends, Stream stream) throws IOException {
        CompletableFuture<Optional<Integer>> begun = new CompletableFuture<>();
        channel.eventLoop().execute(() -> {
            if (leaving || !channel.isActive()) {
                begun.complete(Optional.empty());
                return;
            }
            int id = state.local().incrementAndGetNextStreamId();
            streams.put(id, stream);
            boolean whole = ends && body.isEmpty();
            ChannelHandlerContext ctx = context();
            handler.encoder()
                    .writeHeaders(ctx, id, head, 0, whole, ctx.newPromise())
                    .addListener(written -> {
                        if (!written.isSuccess()) {
                            breaks(id, "cannot be sent: " + written.cause());
                        }
                    });
            if (!whole && ends) {
                data(id, Unpooled.copiedBuffer(body, StandardCharsets.US_ASCII), true);
            }
            channel.flush();
            begun.complete(Optional.of(id));
        });
        return await(begun);
    }

    private ChannelHandlerContext context() {
        return channel.pipeline().context(handler);
    }

    private void data(int id, ByteBuf bytes, boolean ends) {
        ChannelHandlerContext ctx = context();
        if (ctx == null || state.stream(id) == null) {
            bytes.release();
            return;
        }
        handler.encoder().writeData(ctx, id, bytes, 0, ends, ctx.newPromise());
    }

    private void breaks(int id, String why) {
        Stream stream = streams.remove(id);
        if (stream != null) {
            stream.broken(why);
        }
    }

    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings came) {
        settings.complete(came);
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx,
            int id,
            Http2Headers headers,
            int dependency,
            short weight,
            boolean exclusive,
            int padding,
            boolean ends) {
        onHeadersRead(ctx, id, headers, padding, ends);
    }

    @Override
    public void onHeadersRead(ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean ends) {
        Stream stream = streams.get(id);
        if (stream != null && headers.status() != null) {
            stream.head(Integer.parseInt(headers.status().toString()));
        }
        if (ends) {
            ended(id);
        }
    }

    @Override
    public int onDataRead(ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean ends) {
        int size = data.readableBytes() + padding;
        Stream stream = streams.get(id);
        if (stream != null) {
            byte[] bytes = new byte[data.readableBytes()];
            data.readBytes(bytes);
            stream.bytes(bytes);
        }
        if (ends) {
            ended(id);
        }
        return size;
    }

    private void ended(int id) {
        Stream stream = streams.remove(id);
        if (stream != null) {
            stream.end();
        }
    }

    @Override
    public void onRstStreamRead(ChannelHandlerContext ctx, int id, long code) {
        breaks(id, "stream reset: " + Http2Error.valueOf(code));
    }

    @Override
    public void onGoAwayRead(ChannelHandlerContext ctx, int last, long code, ByteBuf reason) {
        leaving = true;
        if (code != 0) {
            List.copyOf(streams.keySet()).forEach(id -> breaks(id, "connection ended: " + Http2Error.valueOf(code)));
        }
        List.copyOf(streams.keySet()).stream()
                .filter(id -> id > last)
                .forEach(id -> breaks(id, "behind the last stream"));
    }

    @Override
    public void close() {
        channel.close().awaitUninterruptibly();
    }

    /** An answer as a whole. */
    private static final class Collected implements Stream {
        private final CompletableFuture<Answer> answer;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private int status;

        Collected(CompletableFuture<Answer> answer) {
            this.answer = answer;
        }

        @Override
        public void head(int status) {
            this.status = status;
        }

        @Override
        public void bytes(byte[] bytes) {
            body.writeBytes(bytes);
        }

        @Override
        public void end() {
            answer.complete(new Answer(status, body.toString(StandardCharsets.UTF_8)));
        }

        @Override
        public void broken(String why) {
            answer.completeExceptionally(new IOException(why));
        }
    }

    /** Bytes as they come. */
    private static final class Flowing extends InputStream implements Stream {
        private static final byte[] END = {};

        private final CompletableFuture<Integer> status = new CompletableFuture<>();
        private final BlockingQueue<byte[]> parts = new LinkedBlockingQueue<>();
        private volatile String why = "";
        private ByteArrayInputStream part = new ByteArrayInputStream(END);

        @Override
        public void head(int status) {
            this.status.complete(status);
        }

        @Override
        public void bytes(byte[] bytes) {
            if (bytes.length > 0) {
                parts.add(bytes);
            }
        }

        @Override
        public void end() {
            parts.add(END);
        }

        @Override
        public void broken(String why) {
            this.why = why;
            status.completeExceptionally(new IOException(why));
            parts.add(END);
        }

        @Override
        public int read() throws IOException {
            int next = part.read();
            if (next >= 0) {
                return next;
            }
            try {
                byte[] bytes = parts.poll(Crowd.PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
                if (bytes == null) {
                    throw new IOException("nothing in " + Crowd.PATIENCE_MILLIS + " ms");
                }
                if (bytes.length == 0) {
                    parts.add(END);
                    if (!why.isEmpty()) {
                        throw new IOException(why);
                    }
                    return -1;
                }
                part = new ByteArrayInputStream(bytes);
                return part.read();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            int next = read();
            if (next < 0) {
                return -1;
            }
            into[offset] = (byte) next;
            return 1;
        }
    }
}
