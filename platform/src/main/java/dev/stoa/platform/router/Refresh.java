package dev.stoa.platform.router;

import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** Nobody: asks an app for a fresh answer in the place of a client that was given a stale one, for the cache alone. */
final class Refresh implements Client, ClientChannel {
    private final Lane lane;
    private final Caller caller;
    private final String realm;
    private final boolean secure;
    private final AsciiString via;
    private @Nullable Exchange exchange;
    private int slot;

    private Refresh(Lane lane, Client of) {
        this.lane = lane;
        this.caller = of.caller();
        this.realm = of.realm();
        this.secure = of.secure();
        this.via = of.via();
    }

    /** @param pass what the client's request went through */
    static void begin(Lane lane, Exchange answered, Edge edge, EdgePass pass) {
        Refresh client = new Refresh(lane, answered.client());
        HttpRequest asked = answered.request();
        HttpRequest request = new DefaultHttpRequest(
                HttpVersion.HTTP_1_1,
                asked.method(),
                asked.uri(),
                asked.headers().copy());
        Exchange exchange = new Exchange(lane, client, request);
        client.exchange = exchange;
        lane.add(client);
        exchange.beginRefresh(answered, edge, pass);
    }

    @Override
    public Caller caller() {
        return caller;
    }

    @Override
    public String realm() {
        return realm;
    }

    @Override
    public boolean secure() {
        return secure;
    }

    @Override
    public AsciiString via() {
        return via;
    }

    @Override
    public boolean nothingButTunnel() {
        return false;
    }

    @Override
    public void write(Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void flush() {}

    @Override
    public void pauseReading(boolean paused) {}

    @Override
    public void dropEncoder() {}

    @Override
    public void dropDecoder() {}

    @Override
    public void exchangeOver(boolean keepAlive) {
        leave();
    }

    @Override
    public void abort() {
        leave();
    }

    private void leave() {
        if (exchange != null) {
            exchange = null;
            lane.remove(this);
        }
    }

    @Override
    public int slot() {
        return slot;
    }

    @Override
    public void slot(int slot) {
        this.slot = slot;
    }

    @Override
    public void closing() {}

    @Override
    public void tick(long nowNanos) {
        if (exchange != null) {
            exchange.tick(nowNanos);
        }
    }
}
