package dev.stoa.platform;

import dev.stoa.platform.http.Door;
import dev.stoa.platform.router.IdentitySource;
import dev.stoa.platform.router.RequestListener;
import dev.stoa.platform.router.Router;
import dev.stoa.platform.router.RouterConfig;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the world meets first: the router, and the door of the API. It belongs to the process: while the platform moves to
 * another one, requests are served on, and the listening sockets move without ever being closed.
 */
final class Entrance implements AutoCloseable {
    private static final String API = "api";

    private final PlatformOptions options;
    private final Map<String, Integer> inherited;
    private @Nullable Router router;
    private @Nullable Door door;
    private boolean kept;
    private volatile RequestListener listener = request -> {};

    /** @param inherited the descriptors of the sockets that another process listened on, by name; empty: new ones */
    Entrance(PlatformOptions options, Map<String, Integer> inherited) {
        this.options = options;
        this.inherited = Map.copyOf(inherited);
    }

    /** Who is told of every finished request. */
    void tell(RequestListener listener) {
        this.listener = listener;
    }

    /** Listens from the first time on, unless the world comes by routers of their own. */
    synchronized Router router() {
        Router known = router;
        if (known == null) {
            known = new Router(RouterConfig.onPort(options.httpPort()), request -> listener.finished(request));
            known.behindProxies(options.proxies());
            known.publicSecurePort(options.publicHttpsPort());
            if (!inherited.isEmpty()) {
                known.inherit(inherited);
            }
            router = known;
            if (options.router()) {
                known.start();
            }
        }
        return known;
    }

    /** From the first time on it speaks HTTPS, too; who knows the certificates may change. */
    void secure(IdentitySource source) {
        if (options.router()) {
            router().startSecure(options.httpsPort(), source);
        }
    }

    /** Where apps are reached: at the router here, or at those in other processes. */
    int httpPort() {
        return options.router() ? router().port() : options.httpPort();
    }

    int httpsPort() {
        return options.router() ? router().securePort() : options.httpsPort();
    }

    /** Listens from the first time on, and lets nobody in before it is opened. */
    synchronized Door door() {
        Door known = door;
        if (known == null) {
            Integer descriptor = inherited.get(API);
            known = Door.listen(
                    options.apiHost(),
                    options.apiPort(),
                    descriptor == null ? OptionalInt.empty() : OptionalInt.of(descriptor));
            door = known;
        }
        return known;
    }

    /** What another process needs to listen in place of this one; empty where that is not possible. */
    synchronized Map<String, Integer> sockets() {
        Map<String, Integer> sockets = new TreeMap<>(router().sockets());
        if (router().canHandOver()) {
            door().socket().ifPresent(descriptor -> sockets.put(API, descriptor));
        }
        return sockets;
    }

    /** Whether {@link #close} leaves it as it is, because only the platform behind it ends. */
    synchronized void keep(boolean kept) {
        this.kept = kept;
    }

    /** Leaves the world to the process that has its sockets now, and closes when nobody is left or the time is over. */
    void retire(Duration drainTime) {
        door().close();
        router().retire(drainTime);
    }

    @Override
    public synchronized void close() {
        if (kept) {
            return;
        }
        if (door != null) {
            door.close();
        }
        if (router != null) {
            router.close();
        }
    }
}
