package dev.stoa.platform.resource.proxy;

import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.resource.proxy.Greeting.AskGss;
import dev.stoa.platform.resource.proxy.Greeting.AskTls;
import dev.stoa.platform.resource.proxy.Greeting.BadGreeting;
import dev.stoa.platform.resource.proxy.Greeting.Cancel;
import dev.stoa.platform.resource.proxy.Greeting.Startup;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslContext;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Listens to a client until it has said what it wants, holds it while the server starts, and shows it in. */
@SuppressWarnings("FutureReturnValueIgnored")
final class Reception extends ByteToMessageDecoder {
    private static final System.Logger LOG = System.getLogger(Reception.class.getName());

    /** As PostgreSQL's authentication_timeout. */
    private static final Duration GREETING_MAX = Duration.ofSeconds(60);

    private static final Duration RETRY_AFTER = Duration.ofMillis(100);
    private static final int ATTEMPTS_MAX = 5;

    /** The first byte of a client that begins with TLS, and asks nothing (PostgreSQL 17: sslnegotiation=direct). */
    private static final int TLS_RECORD = 0x16;

    private final DatabaseDoor door;
    private @Nullable Future<?> deadline;

    /** What comes is left where it is. */
    private boolean waiting;

    private boolean encrypted;
    private boolean askedGss;

    Reception(DatabaseDoor door) {
        this.door = door;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        deadline = context.executor()
                .schedule(
                        () -> {
                            waiting = true;
                            context.close();
                        },
                        GREETING_MAX.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (waiting || !in.isReadable()) {
            return;
        }
        if (!encrypted && in.getByte(in.readerIndex()) == TLS_RECORD) {
            ByteBuf hello = in.readRetainedSlice(in.readableBytes());
            encrypt(context, hello, false);
            return;
        }
        try {
            Optional<Greeting> greeting = Greeting.read(in);
            if (greeting.isPresent()) {
                answer(context, greeting.get(), in);
            }
        } catch (BadGreeting e) {
            refuse(context, Refusal.fatal(e.state(), String.valueOf(e.getMessage())));
        }
    }

    private void answer(ChannelHandlerContext context, Greeting greeting, ByteBuf rest) throws BadGreeting {
        switch (greeting) {
            case AskTls _ -> {
                if (encrypted) {
                    throw new BadGreeting("08P01", "the connection is encrypted already");
                }
                notAhead(rest);
                encrypt(context, Unpooled.EMPTY_BUFFER, true);
            }
            case AskGss _ -> {
                if (askedGss) {
                    throw new BadGreeting("08P01", "the encryption of GSSAPI was refused already");
                }
                askedGss = true;
                notAhead(rest);
                context.writeAndFlush(letter('N'));
            }
            case Cancel cancel -> {
                hold(context);
                Threads.start("database-cancel-" + door.name(), () -> cancel(context, cancel));
            }
            case Startup startup -> {
                hold(context);
                wake(context, startup, 1);
            }
        }
    }

    /** What a client says before it has its answer would be taken for something that was said in private. */
    private static void notAhead(ByteBuf rest) throws BadGreeting {
        if (rest.isReadable()) {
            throw new BadGreeting("08P01", "received unencrypted data after an encryption request");
        }
    }

    private void hold(ChannelHandlerContext context) {
        waiting = true;
        context.channel().config().setAutoRead(false);
        Future<?> running = deadline;
        if (running != null) {
            running.cancel(false);
        }
    }

    private static ByteBuf letter(char letter) {
        return Unpooled.buffer(1).writeByte(letter);
    }

    private void encrypt(ChannelHandlerContext context, ByteBuf hello, boolean asked) {
        waiting = true;
        context.channel().config().setAutoRead(false);
        door.proxy()
                .tls()
                .context()
                .thenAccept(tls -> context.executor().execute(() -> {
                    if (!context.channel().isActive()) {
                        hello.release();
                        return;
                    }
                    encrypt(context, hello, asked, tls);
                }));
    }

    private void encrypt(ChannelHandlerContext context, ByteBuf hello, boolean asked, Optional<SslContext> tls) {
        if (tls.isEmpty() && !asked) {
            hello.release();
            context.close();
            return;
        }
        waiting = false;
        if (asked) {
            context.writeAndFlush(letter(tls.isPresent() ? 'S' : 'N'));
        }
        if (tls.isPresent()) {
            encrypted = true;
            context.pipeline().addFirst(tls.get().newHandler(context.alloc()));
        }
        if (hello.isReadable()) {
            context.pipeline().fireChannelRead(hello);
        } else {
            hello.release();
        }
        context.channel().config().setAutoRead(true);
    }

    private static InetAddress address(Channel client) {
        return ((InetSocketAddress) client.remoteAddress()).getAddress();
    }

    private void wake(ChannelHandlerContext context, Startup startup, int attempt) {
        Threads.start("database-client-" + door.name(), () -> {
            Channel client = context.channel();
            OptionalInt sessions = startup.parameters().containsKey("replication")
                    ? OptionalInt.empty()
                    : door.behind().pooled();
            Optional<Refusal> refusal = refusal(client, sessions.isPresent());
            if (refusal.isEmpty() && sessions.isPresent()) {
                share(context, startup, sessions.getAsInt());
                return;
            }
            Optional<Behind.Place> place = Optional.empty();
            if (refusal.isEmpty()) {
                door.admit(client);
                try {
                    place = Optional.of(door.behind().start());
                } catch (StoaException e) {
                    LOG.log(Level.WARNING, "a database does not start database=" + door.name(), e);
                    refusal = Optional.of(notStarted(e));
                }
            }
            Optional<Behind.Place> found = place;
            Optional<Refusal> no = refusal;
            context.executor()
                    .execute(() -> no.ifPresentOrElse(
                            words -> refuse(context, words),
                            () -> connect(context, startup, found.orElseThrow(), attempt)));
        });
    }

    /** Shows a client in that shares sessions with others. */
    private void share(ChannelHandlerContext context, Startup startup, int sessions) {
        String user = startup.parameters().getOrDefault(PoolKey.USER, "");
        try {
            Behind.Place _ = door.behind().start();
            Optional<Scram.Verifier> verifier = door.pool().verifier(user);
            context.executor().execute(() -> {
                if (verifier.isEmpty()) {
                    refuse(
                            context,
                            Refusal.fatal("28P01", "password authentication failed for user \"%s\"".formatted(user)));
                } else if (context.channel().isActive()) {
                    door.pool().resize(sessions);
                    context.pipeline().addLast(new PooledClient(door.pool(), startup, verifier.get()));
                    context.pipeline().remove(this);
                    context.channel().config().setAutoRead(true);
                }
            });
        } catch (StoaException e) {
            LOG.log(Level.WARNING, "a database does not start database=" + door.name(), e);
            context.executor().execute(() -> refuse(context, notStarted(e)));
        }
    }

    static Refusal notStarted(StoaException problem) {
        return Refusal.fatal(
                "57P03",
                "the database does not start: " + problem.message(),
                problem.hint().orElse(""));
    }

    private Optional<Refusal> refusal(Channel client, boolean sharing) {
        if (door.isFull(sharing)) {
            return Optional.of(
                    Refusal.fatal("53300", "the database %s has too many connections already".formatted(door.name())));
        }
        return door.behind().refusal(address(client)).map(why -> Refusal.fatal("28000", why));
    }

    private void connect(ChannelHandlerContext context, Startup startup, Behind.Place place, int attempt) {
        Channel client = context.channel();
        if (!client.isActive()) {
            return;
        }
        ChannelFuture connecting = door.proxy()
                .towards(place, client.eventLoop(), new Passage(client))
                .connect();
        connecting.addListener(done -> {
            if (done.isSuccess()) {
                pass(context, startup, connecting.channel());
            } else if (attempt < ATTEMPTS_MAX) {
                // The server may have been killed a moment ago, and be started by the next attempt.
                context.executor()
                        .schedule(
                                () -> wake(context, startup, attempt + 1),
                                RETRY_AFTER.toMillis(),
                                TimeUnit.MILLISECONDS);
            } else {
                refuse(context, Refusal.fatal("57P03", "the database cannot be reached: " + done.cause()));
            }
        });
    }

    private void pass(ChannelHandlerContext context, Startup startup, Channel server) {
        Channel client = context.channel();
        if (!client.isActive()) {
            server.close();
            return;
        }
        if (!encrypted) {
            // Who has said all may still listen.
            client.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        }
        server.writeAndFlush(Unpooled.wrappedBuffer(startup.packet()));
        // What came meanwhile goes on to the one that follows.
        client.pipeline().addLast(new Passage(server));
        client.pipeline().remove(this);
        server.flush();
        client.config().setAutoRead(true);
    }

    private void cancel(ChannelHandlerContext context, Cancel cancel) {
        Optional<Behind.Place> place = refusal(context.channel(), true).isPresent()
                ? Optional.empty()
                : door.behind().running();
        context.executor().execute(() -> {
            byte[] packet = door.pool()
                    .cancel(cancel)
                    .map(server -> server.orElse(new byte[0]))
                    .orElse(cancel.packet());
            if (place.isEmpty() || packet.length == 0) {
                context.close();
                return;
            }
            ChannelFuture connecting = door.proxy()
                    .towards(place.get(), context.channel().eventLoop(), new Passage(context.channel()))
                    .connect();
            connecting.addListener(done -> {
                if (done.isSuccess()) {
                    // PostgreSQL ends the connection when the request has been seen to, and the client waits for that.
                    connecting.channel().writeAndFlush(Unpooled.wrappedBuffer(packet));
                } else {
                    context.close();
                }
            });
        });
    }

    private void refuse(ChannelHandlerContext context, Refusal words) {
        hold(context);
        context.writeAndFlush(words.packet()).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        Throwable why =
                cause instanceof DecoderException wrapped && wrapped.getCause() != null ? wrapped.getCause() : cause;
        LOG.log(Level.DEBUG, "a client has gone database=" + door.name(), why);
        context.close();
    }
}
