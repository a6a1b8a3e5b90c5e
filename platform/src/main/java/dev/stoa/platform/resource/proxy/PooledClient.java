package dev.stoa.platform.resource.proxy;

import dev.stoa.platform.resource.proxy.Greeting.Startup;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** A client that has a session of the pool while it is in a transaction. */
@SuppressWarnings("FutureReturnValueIgnored")
final class PooledClient extends ByteToMessageDecoder {
    private static final System.Logger LOG = System.getLogger(PooledClient.class.getName());
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int SECRET_BYTES = 4;
    private static final int PROOF_BYTES_MAX = 4096;
    private static final int MESSAGE_BYTES_MAX = 1 << 30;

    /** Texts of statements are kept as long as their client. */
    private static final int PARSE_BYTES_MAX = 1 << 20;

    private static final int NAMES_BYTES_MAX = 1 << 16;
    private static final int STATEMENTS_MAX = 5000;

    private enum State {
        CHOOSING,
        PROVING,
        ENTERING,
        IN,
        GONE
    }

    private final Pool pool;
    private final PoolKey key;
    private final Startup startup;
    private final Scram.Doorkeeper doorkeeper;
    private final byte[] secret = new byte[SECRET_BYTES];
    private final Map<String, Statement> statements = new HashMap<>();
    private final int process;
    private State state = State.CHOOSING;
    private @Nullable ChannelHandlerContext context;
    private @Nullable PooledServer server;
    private @Nullable Future<?> patience;
    private Optional<Statement> unnamed = Optional.empty();
    private long passing;
    private boolean paused;
    private boolean unsynced;
    private boolean copying;

    PooledClient(Pool pool, Startup startup, Scram.Verifier verifier) {
        this.pool = pool;
        this.startup = startup;
        this.key = PoolKey.of(startup.parameters());
        this.doorkeeper = new Scram.Doorkeeper(verifier);
        RANDOM.nextBytes(secret);
        this.process = pool.enter(this);
    }

    PoolKey key() {
        return key;
    }

    byte[] secret() {
        return secret.clone();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        List<String> unknown = startup.parameters().keySet().stream()
                .filter(name -> name.startsWith("_pq_."))
                .toList();
        if (startup.minor() > 0 || !unknown.isEmpty()) {
            ByteBuf body = Unpooled.buffer().writeInt(Greeting.MAJOR << 16).writeInt(unknown.size());
            unknown.forEach(name -> PoolKey.text(body, name));
            added.write(PooledServer.message('v', body));
        }
        ByteBuf ask = Unpooled.buffer().writeInt(10);
        PoolKey.text(ask, Scram.MECHANISM);
        added.writeAndFlush(PooledServer.message('R', ask.writeByte(0)));
    }

    @Override
    protected void decode(ChannelHandlerContext active, ByteBuf in, List<Object> out) {
        if (paused || state == State.GONE) {
            if (state == State.GONE) {
                in.skipBytes(in.readableBytes());
            }
            return;
        }
        if (passing > 0) {
            pass(in);
            return;
        }
        if (in.readableBytes() < PooledServer.HEAD_BYTES) {
            return;
        }
        char type = (char) in.getByte(in.readerIndex());
        int length = in.getInt(in.readerIndex() + 1);
        if (length < Integer.BYTES || length > MESSAGE_BYTES_MAX) {
            refuse(Refusal.fatal("08P01", "invalid message length"));
        } else if (state == State.IN) {
            ask(active, type, length, in);
        } else if (type != 'p' || length > PROOF_BYTES_MAX) {
            refuse(Refusal.fatal("08P01", "expected SASL response, got message type " + (int) type));
        } else if (in.readableBytes() > length) {
            prove(in.readSlice(1 + length).skipBytes(PooledServer.HEAD_BYTES));
        }
    }

    private void prove(ByteBuf body) {
        if (state == State.CHOOSING) {
            int end = body.bytesBefore((byte) 0);
            Optional<String> challenge = end < 0 || body.readableBytes() < end + 1 + Integer.BYTES
                    ? Optional.empty()
                    : doorkeeper.challenge(
                            body.skipBytes(end + 1 + Integer.BYTES).toString(StandardCharsets.US_ASCII));
            if (challenge.isEmpty()) {
                refuse(Refusal.fatal(
                        "28000", "the pool takes SCRAM-SHA-256 without channel binding, and no other kind of login"));
                return;
            }
            state = State.PROVING;
            active().writeAndFlush(authentication(11, challenge.get()));
            return;
        }
        Optional<Scram.Doorkeeper.Welcome> welcome = doorkeeper.welcome(body.toString(StandardCharsets.US_ASCII));
        if (welcome.isEmpty()) {
            pool.forgetVerifier(key.user());
            refuse(Refusal.fatal("28P01", "password authentication failed for user \"%s\"".formatted(key.user())));
            return;
        }
        pool.proven(key.user(), welcome.get().key());
        active().write(authentication(12, welcome.get().proof()));
        state = State.ENTERING;
        Optional<Map<String, String>> facts = pool.facts(key);
        if (facts.isPresent()) {
            enter(facts.get());
            return;
        }
        active().flush();
        pause();
        // There is none yet: the first would have told the facts.
        pool.acquire(this).ifPresent(free -> {
            throw new IllegalStateException("a session of unknown facts");
        });
    }

    private static ByteBuf authentication(int kind, String text) {
        return PooledServer.message(
                'R', Unpooled.buffer().writeInt(kind).writeBytes(text.getBytes(StandardCharsets.US_ASCII)));
    }

    private void enter(Map<String, String> facts) {
        state = State.IN;
        Map<String, String> parameters = new LinkedHashMap<>(facts);
        Optional.ofNullable(startup.parameters().get(PoolKey.NAME)).ifPresent(own -> parameters.put(PoolKey.NAME, own));
        ChannelHandlerContext active = active();
        active.write(authentication(0, ""));
        parameters.forEach((name, value) -> {
            ByteBuf body = Unpooled.buffer();
            PoolKey.text(body, name);
            PoolKey.text(body, value);
            active.write(PooledServer.message('S', body));
        });
        active.write(
                PooledServer.message('K', Unpooled.buffer().writeInt(process).writeBytes(secret)));
        active.writeAndFlush(PooledServer.message('Z', Unpooled.buffer().writeByte('I')));
    }

    private void pause() {
        paused = true;
        active().channel().config().setAutoRead(false);
    }

    void waitAtMost(Future<?> end) {
        patience = end;
    }

    /** It has a session from now on, which it waited for. */
    void attach(PooledServer given) {
        Future<?> waited = patience;
        if (waited != null) {
            waited.cancel(false);
        }
        if (state == State.ENTERING) {
            Optional<Map<String, String>> facts = pool.facts(key);
            enter(facts.orElse(Map.of()));
            pool.detached();
            pool.free(given);
        } else {
            take(given);
        }
        paused = false;
        active().channel().config().setAutoRead(true);
        try {
            // What it said meanwhile is still here.
            channelRead(active(), Unpooled.EMPTY_BUFFER);
        } catch (Exception e) {
            exceptionCaught(active(), e);
        }
        flush();
        PooledServer present = server;
        if (present != null) {
            present.flush();
        }
    }

    private void take(PooledServer given) {
        given.attach(this);
        given.read(active().channel().isWritable());
        server = given;
    }

    private void ask(ChannelHandlerContext active, char type, int length, ByteBuf in) {
        if (type == 'X') {
            state = State.GONE;
            active.close();
            return;
        }
        if (server == null) {
            Optional<PooledServer> free = pool.acquire(this);
            if (free.isEmpty()) {
                pause();
                return;
            }
            take(free.get());
        }
        PooledServer present = server;
        if (present != null) {
            forward(present, type, length, in);
        }
    }

    private void forward(PooledServer to, char type, int length, ByteBuf in) {
        switch (type) {
            case 'Q', 'F' -> {
                to.unnamed(null);
                unnamed = Optional.empty();
                unsynced = false;
                to.expected().ask(Expected.Kind.READY);
                passAll(length, in);
            }
            case 'S' -> {
                if (!copying) {
                    unsynced = false;
                    to.expected().ask(Expected.Kind.READY);
                }
                passAll(length, in);
            }
            case 'H', 'd' -> passAll(length, in);
            case 'c', 'f' -> {
                copying = false;
                passAll(length, in);
            }
            case 'E' -> {
                unsynced = true;
                to.expected().ask(Expected.Kind.EXECUTE);
                passAll(length, in);
            }
            case 'P' -> parse(to, length, in);
            case 'B' -> bind(to, length, in);
            case 'D', 'C' -> named(to, type, length, in);
            default -> refuse(Refusal.fatal("08P01", "invalid frontend message type " + (int) type));
        }
    }

    private void passAll(int length, ByteBuf in) {
        passing = 1L + length;
        pass(in);
    }

    private void pass(ByteBuf in) {
        int count = (int) Math.min(passing, in.readableBytes());
        PooledServer present = server;
        passing -= count;
        if (present == null) {
            in.skipBytes(count);
        } else {
            present.tell(in.readRetainedSlice(count));
        }
    }

    private void parse(PooledServer to, int length, ByteBuf in) {
        int from = in.readerIndex() + PooledServer.HEAD_BYTES;
        if (length > PARSE_BYTES_MAX || statements.size() >= STATEMENTS_MAX) {
            refuse(Refusal.fatal(
                    "54000",
                    "a statement of more than %d bytes, or more than %d prepared statements of a client, go beyond what a pool keeps"
                            .formatted(PARSE_BYTES_MAX, STATEMENTS_MAX)));
            return;
        }
        if (in.readableBytes() <= length) {
            return;
        }
        unsynced = true;
        int end = in.indexOf(from, in.readerIndex() + 1 + length, (byte) 0);
        if (end < 0) {
            refuse(Refusal.fatal("08P01", "invalid string in message"));
            return;
        }
        String name = in.toString(from, end - from, StandardCharsets.UTF_8);
        byte[] rest = new byte[in.readerIndex() + 1 + length - end - 1];
        in.getBytes(end + 1, rest);
        in.skipBytes(1 + length);
        if (name.isEmpty()) {
            Statement own = new Statement("", rest);
            unnamed = Optional.of(own);
            to.unnamed(this);
            to.expected().ask(Expected.Kind.PARSE);
            to.tell(own.parse());
            return;
        }
        Statement shared = pool.shared(rest);
        statements.put(name, shared);
        to.require(shared, false);
    }

    /** By which name the server knows it; has it made there if need be. */
    private String known(PooledServer at, String name) {
        if (name.isEmpty()) {
            at.requireUnnamed(this, unnamed);
            return name;
        }
        Statement statement = statements.get(name);
        if (statement == null) {
            return name;
        }
        at.require(statement, true);
        return statement.name();
    }

    private void bind(PooledServer to, int length, ByteBuf in) {
        int start = in.readerIndex();
        int limit = Math.min(in.writerIndex(), start + 1 + length);
        int portalEnd = in.indexOf(start + PooledServer.HEAD_BYTES, limit, (byte) 0);
        int nameEnd = portalEnd < 0 ? -1 : in.indexOf(portalEnd + 1, limit, (byte) 0);
        if (nameEnd < 0) {
            if (limit == start + 1 + length || limit - start > NAMES_BYTES_MAX) {
                refuse(Refusal.fatal("08P01", "invalid string in message"));
            }
            return;
        }
        unsynced = true;
        byte[] name = known(to, in.toString(portalEnd + 1, nameEnd - portalEnd - 1, StandardCharsets.UTF_8))
                .getBytes(StandardCharsets.UTF_8);
        int change = name.length - (nameEnd - portalEnd - 1);
        int portal = portalEnd - start - PooledServer.HEAD_BYTES;
        ByteBuf head = Unpooled.buffer(PooledServer.HEAD_BYTES + portal + name.length + 2)
                .writeByte('B')
                .writeInt(length + change)
                .writeBytes(in, start + PooledServer.HEAD_BYTES, portal + 1)
                .writeBytes(name)
                .writeByte(0);
        to.expected().ask(Expected.Kind.BIND);
        to.tell(head);
        in.readerIndex(nameEnd + 1);
        passing = start + 1L + length - (nameEnd + 1);
        if (passing > 0) {
            pass(in);
        }
    }

    /** Describe and Close, of a statement or a portal. */
    private void named(PooledServer to, char type, int length, ByteBuf in) {
        if (length > NAMES_BYTES_MAX || length < Integer.BYTES + 2) {
            refuse(Refusal.fatal("08P01", "invalid message length"));
            return;
        }
        if (in.readableBytes() <= length) {
            return;
        }
        unsynced = true;
        boolean statement = in.getByte(in.readerIndex() + PooledServer.HEAD_BYTES) == 'S';
        String name = in.toString(
                in.readerIndex() + PooledServer.HEAD_BYTES + 1, length - Integer.BYTES - 2, StandardCharsets.UTF_8);
        if (type == 'C' && statement && statements.remove(name) != null) {
            // Others may have it still.
            in.skipBytes(1 + length);
            to.expected().here('3');
            return;
        }
        if (type == 'C' && statement && name.isEmpty()) {
            unnamed = Optional.empty();
        }
        if (type == 'D' && statement) {
            in.skipBytes(1 + length);
            ByteBuf body = Unpooled.buffer().writeByte('S');
            PoolKey.text(body, known(to, name));
            to.expected().ask(Expected.Kind.DESCRIBE);
            to.tell(PooledServer.message('D', body));
            return;
        }
        to.expected().ask(type == 'D' ? Expected.Kind.DESCRIBE : Expected.Kind.CLOSE);
        passAll(length, in);
    }

    /**
     * The server takes data now.
     *
     * @param lost whether a Sync of before is to come again
     */
    void copyBegins(boolean lost) {
        copying = true;
        unsynced |= lost;
    }

    void copyEnds() {
        copying = false;
    }

    /** Whether it has said all of what it began to say. */
    boolean isAtRest() {
        return !unsynced && passing == 0;
    }

    /** Its transaction is over, and somebody else gets the session. */
    void detached() {
        server = null;
        copying = false;
        flush();
        active().channel().config().setAutoRead(true);
    }

    void lostServer() {
        server = null;
        state = State.GONE;
        active().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    Optional<byte[]> cancelPacket() {
        return Optional.ofNullable(server).map(PooledServer::cancelPacket);
    }

    void say(ByteBuf bytes) {
        active().write(bytes);
    }

    void flush() {
        active().flush();
    }

    void read(boolean on) {
        active().channel().config().setAutoRead(on && !paused);
    }

    void refuse(Refusal words) {
        state = State.GONE;
        active().writeAndFlush(words.packet()).addListener(ChannelFutureListener.CLOSE);
    }

    private ChannelHandlerContext active() {
        ChannelHandlerContext present = context;
        if (present == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return present;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext active) throws Exception {
        super.channelReadComplete(active);
        active.flush();
        PooledServer present = server;
        if (present != null) {
            present.flush();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext active) {
        PooledServer present = server;
        if (present != null) {
            present.read(active.channel().isWritable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext active) throws Exception {
        state = State.GONE;
        super.channelInactive(active);
        pool.left(this, process);
        PooledServer present = server;
        server = null;
        if (present != null) {
            // PostgreSQL undoes what was not committed.
            present.cut();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext active, Throwable cause) {
        LOG.log(Level.DEBUG, "a client has gone database=" + pool.name(), cause);
        active.close();
    }
}
