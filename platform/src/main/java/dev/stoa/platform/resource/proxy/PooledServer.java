package dev.stoa.platform.resource.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A session with the server that clients have in turn. */
@SuppressWarnings("FutureReturnValueIgnored")
final class PooledServer extends ByteToMessageDecoder {
    static final int HEAD_BYTES = 1 + Integer.BYTES;
    private static final System.Logger LOG = System.getLogger(PooledServer.class.getName());
    private static final int STATEMENTS_MAX = 500;
    private static final int TAG_BYTES_MAX = 256;

    private static final int AUTH_OK = 0;
    private static final int AUTH_SASL = 10;
    private static final int AUTH_CONTINUE = 11;
    private static final int AUTH_FINAL = 12;

    /** What these leave behind must not be there for the next client. */
    private static final Set<String> TRACES = Set.of(
            "SET",
            "RESET",
            "LISTEN",
            "PREPARE",
            "DECLARE CURSOR",
            "CREATE TABLE",
            "CREATE TABLE AS",
            "CREATE VIEW",
            "CREATE SEQUENCE",
            "LOAD",
            "DISCARD",
            "DISCARD ALL",
            "DISCARD TEMP",
            "DEALLOCATE ALL");

    /** Away with all that, and to the role of a session that begins. */
    private static final List<String> CLEANING = List.of("DISCARD ALL", "RESET ROLE");

    private static final Pattern STATE = Pattern.compile("C([0-9A-Z]{5})\0");
    private static final Pattern MESSAGE = Pattern.compile("\0M([^\0]*)\0");

    private enum State {
        STARTING,
        READY,
        CLEANING
    }

    private final Pool pool;
    private final PoolKey key;
    private final Scram.Guest guest;
    private final Map<String, String> parameters = new LinkedHashMap<>();
    private final Set<String> statements = new LinkedHashSet<>();
    private final Expected expected = new Expected(this::toClient, statements::remove);
    private State state = State.STARTING;
    private @Nullable ChannelHandlerContext context;
    private @Nullable PooledClient client;
    private @Nullable PooledClient unnamedBy;
    private byte[] cancelKey = new byte[0];
    private Optional<Refusal> refusal = Optional.empty();
    private long passing;
    private int cleanings;
    private boolean traces;
    private long freeNanos;

    PooledServer(Pool pool, PoolKey key, byte[] clientKey) {
        this.pool = pool;
        this.key = key;
        this.guest = new Scram.Guest(clientKey);
    }

    PoolKey key() {
        return key;
    }

    Expected expected() {
        return expected;
    }

    boolean isStarting() {
        return state == State.STARTING;
    }

    boolean isIdleFor(Duration time) {
        return System.nanoTime() - freeNanos >= time.toNanos();
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        context = active;
        active.writeAndFlush(key.startup());
    }

    @Override
    protected void decode(ChannelHandlerContext active, ByteBuf in, List<Object> out) {
        if (passing > 0) {
            pass(in);
            return;
        }
        if (in.readableBytes() < HEAD_BYTES) {
            return;
        }
        byte type = in.getByte(in.readerIndex());
        int length = in.getInt(in.readerIndex() + 1);
        boolean whole = in.readableBytes() >= 1 + length;
        switch (state) {
            case STARTING -> {
                if (whole) {
                    start(active, type, in.readSlice(1 + length).skipBytes(HEAD_BYTES));
                }
            }
            case CLEANING -> {
                if (whole) {
                    in.skipBytes(1 + length);
                    cleaned(active, type);
                }
            }
            case READY -> {
                if (whole || type == 'D' || type == 'd') {
                    answer(type, length, in);
                }
            }
        }
    }

    private void start(ChannelHandlerContext active, byte type, ByteBuf body) {
        switch (type) {
            case 'R' -> authenticate(active, body);
            case 'S' -> parameters.put(text(body), text(body));
            case 'K' -> {
                cancelKey = new byte[body.readableBytes()];
                body.readBytes(cancelKey);
            }
            case 'E' -> {
                String fields = body.toString(StandardCharsets.UTF_8);
                Matcher code = STATE.matcher(fields);
                Matcher message = MESSAGE.matcher(fields);
                refusal = Optional.of(Refusal.fatal(
                        code.find() ? code.group(1) : "08006", message.find() ? message.group(1) : "no session"));
                active.close();
            }
            case 'Z' -> {
                state = State.READY;
                pool.told(this, parameters);
                free();
            }
            default -> {}
        }
    }

    private void authenticate(ChannelHandlerContext active, ByteBuf body) {
        switch (body.readInt()) {
            case AUTH_OK, AUTH_FINAL -> {}
            case AUTH_SASL -> {
                byte[] first = guest.first().getBytes(StandardCharsets.US_ASCII);
                ByteBuf answer = Unpooled.buffer();
                PoolKey.text(answer, Scram.MECHANISM);
                answer.writeInt(first.length).writeBytes(first);
                active.writeAndFlush(message('p', answer));
            }
            case AUTH_CONTINUE -> {
                String last = guest.last(body.toString(StandardCharsets.US_ASCII));
                active.writeAndFlush(message('p', Unpooled.copiedBuffer(last, StandardCharsets.US_ASCII)));
            }
            default -> {
                refusal = Optional.of(Refusal.fatal("28000", "the server asks for another kind of login"));
                active.close();
            }
        }
    }

    static ByteBuf message(char type, ByteBuf body) {
        return Unpooled.wrappedBuffer(
                Unpooled.buffer(HEAD_BYTES).writeByte(type).writeInt(Integer.BYTES + body.readableBytes()), body);
    }

    private static String text(ByteBuf body) {
        int length = Math.max(0, body.bytesBefore((byte) 0));
        String text = body.readString(length, StandardCharsets.UTF_8);
        body.skipBytes(Math.min(1, body.readableBytes()));
        return text;
    }

    private void answer(byte type, int length, ByteBuf in) {
        int at = in.readerIndex();
        byte status = type == 'Z' ? in.getByte(at + HEAD_BYTES) : 0;
        if (type == 'C') {
            done(in.toString(
                    at + HEAD_BYTES, Math.min(TAG_BYTES_MAX, length - Integer.BYTES - 1), StandardCharsets.UTF_8));
        }
        traces |= type == 'S';
        PooledClient present = client;
        if (type == 'G' && present != null) {
            present.copyBegins(expected.copyBegins());
        } else if ((type == 'E' || type == 'C') && present != null) {
            present.copyEnds();
        }
        boolean visible = expected.came(type);
        if (visible) {
            passing = 1L + length;
            pass(in);
        } else {
            in.skipBytes(1 + length);
        }
        expected.answerHere();
        if (type == 'Z') {
            ready(status);
        }
    }

    private void done(String tag) {
        traces |= TRACES.contains(tag);
        if (tag.equals("DISCARD ALL") || tag.equals("DEALLOCATE ALL")) {
            statements.clear();
            unnamedBy = null;
        }
    }

    private void pass(ByteBuf in) {
        int count = (int) Math.min(passing, in.readableBytes());
        passing -= count;
        toClient(in.readRetainedSlice(count));
    }

    private void toClient(ByteBuf bytes) {
        PooledClient present = client;
        if (present == null) {
            bytes.release();
        } else {
            present.say(bytes);
        }
    }

    private void ready(byte status) {
        PooledClient present = client;
        if (present == null || status != 'I' || !expected.isEmpty() || !present.isAtRest()) {
            return;
        }
        client = null;
        pool.detached();
        ChannelHandlerContext active = active();
        active.channel().config().setAutoRead(true);
        present.detached();
        if (!traces) {
            free();
            return;
        }
        state = State.CLEANING;
        cleanings = CLEANING.size();
        for (String sql : CLEANING) {
            ByteBuf query = Unpooled.buffer();
            PoolKey.text(query, sql);
            active.write(message('Q', query));
        }
        active.flush();
    }

    private void cleaned(ChannelHandlerContext active, byte type) {
        if (type == 'E') {
            active.close();
        } else if (type == 'Z' && --cleanings == 0) {
            state = State.READY;
            traces = false;
            statements.clear();
            unnamedBy = null;
            free();
        }
    }

    private void free() {
        freeNanos = System.nanoTime();
        pool.free(this);
    }

    /** From now on what it says is for this client. */
    void attach(PooledClient next) {
        client = next;
    }

    private ChannelHandlerContext active() {
        ChannelHandlerContext present = context;
        if (present == null) {
            throw new IllegalStateException("not connected yet");
        }
        return present;
    }

    void tell(ByteBuf bytes) {
        active().write(bytes);
    }

    void flush() {
        active().flush();
    }

    void read(boolean on) {
        active().channel().config().setAutoRead(on);
    }

    boolean isWritable() {
        return active().channel().isWritable();
    }

    /** Has the statement made unless it is there. */
    void require(Statement statement, boolean hidden) {
        if (statements.contains(statement.name())) {
            if (!hidden) {
                expected.here('1');
            }
            return;
        }
        if (statements.size() >= STATEMENTS_MAX) {
            String oldest = statements.iterator().next();
            statements.remove(oldest);
            expected.hiddenClose();
            tell(new Statement(oldest, new byte[0]).close());
        }
        statements.add(statement.name());
        expected.parse(statement.name(), hidden);
        tell(statement.parse());
    }

    /** Has the client's unnamed statement made unless it is there. */
    void requireUnnamed(PooledClient of, Optional<Statement> statement) {
        if (unnamedBy != of && statement.isPresent()) {
            expected.parse("", true);
            tell(statement.get().parse());
            unnamedBy = of;
        }
    }

    /** The unnamed statement is this client's now; none's: it is gone. */
    void unnamed(@Nullable PooledClient of) {
        unnamedBy = of;
    }

    byte[] cancelPacket() {
        return Unpooled.buffer(Greeting.HEAD_BYTES + cancelKey.length)
                .writeInt(Greeting.HEAD_BYTES + cancelKey.length)
                .writeInt(Greeting.CANCEL_CODE)
                .writeBytes(cancelKey)
                .array();
    }

    /** Says goodbye. */
    void end() {
        ChannelHandlerContext present = context;
        if (present != null) {
            present.writeAndFlush(message('X', Unpooled.EMPTY_BUFFER))
                    .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        }
    }

    /** The end of the connection, which the server makes. */
    Optional<ChannelFuture> ended() {
        return Optional.ofNullable(context).map(present -> present.channel().closeFuture());
    }

    /** With what it was doing. */
    void cut() {
        active().close();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext active) throws Exception {
        super.channelReadComplete(active);
        PooledClient present = client;
        if (present != null) {
            present.flush();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext active) {
        PooledClient present = client;
        if (present != null) {
            present.read(active.channel().isWritable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext active) throws Exception {
        super.channelInactive(active);
        PooledClient present = client;
        client = null;
        if (present != null) {
            pool.detached();
            present.lostServer();
        }
        pool.lost(
                this,
                state == State.STARTING
                        ? Optional.of(refusal.orElseGet(() -> Refusal.fatal("08006", "the server ended the session")))
                        : Optional.empty());
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext active, Throwable cause) {
        LOG.log(Level.DEBUG, "a session of a pool has ended database=" + pool.name(), cause);
        active.close();
    }
}
