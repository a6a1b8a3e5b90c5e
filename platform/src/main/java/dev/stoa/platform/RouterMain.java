package dev.stoa.platform;

import dev.stoa.platform.base.Ids;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AccessLog;
import dev.stoa.platform.router.Router;
import dev.stoa.platform.router.RouterConfig;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * The router alone, in a process of its own: {@code stoa router}. It serves by the route table of a platform elsewhere, and by
 * the last one that it had when the platform is away, also when it is itself started anew meanwhile.
 */
final class RouterMain {
    /** How long the start waits for the platform before it says that it serves by what it has. */
    private static final Duration FIRST_TABLE_MAX = Duration.ofSeconds(5);

    private RouterMain() {}

    static void run(List<String> arguments, Map<String, String> environment) throws InterruptedException {
        RouterOptions options = RouterOptions.parse(arguments, environment);
        TableFile file = new TableFile(options.state(), new Ids(new SecureRandom()).next());
        RemoteLog remote = new RemoteLog(options.url(), options::currentToken, file.id());
        AccessLog log = new AccessLog(remote, InstantSource.system());
        Router router = new Router(RouterConfig.onPort(options.httpPort()), log);
        // Nobody is told "no app here" because the table has not come yet: connections wait for it.
        router.inherit(Map.of());
        router.behindProxies(options.proxies());
        router.publicSecurePort(options.publicHttpsPort());
        router.start();
        Optional<RemoteIdentities> identities = options.httpsPort().map(port -> {
            RemoteIdentities source = new RemoteIdentities(
                    router, file.id(), options.url(), options::currentToken, new KeyFile(options.keys()));
            router.startSecure(port, source);
            source.start();
            return source;
        });
        RouterLink link = new RouterLink(router, options.url(), options::currentToken, file.id(), false, file::keep);
        file.last().ifPresent(link::apply);
        link.start();
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(Threads.unstarted("stop", () -> {
            router.retire(Router.DRAIN_TIME);
            log.close();
            remote.close();
            link.close();
            identities.ifPresent(RemoteIdentities::close);
            file.close();
            ended.countDown();
        }));
        System.out.printf(
                "Stoa's router %s is up (pid %d)%n",
                Version.CURRENT, ProcessHandle.current().pid());
        System.out.printf(
                "  apps      port %d%s%n",
                router.port(), identities.isPresent() ? ", HTTPS " + router.securePort() : "");
        System.out.printf("  platform  %s%n", options.url());
        System.out.printf("  state     %s%n", options.state());
        if (file.last().isPresent()) {
            router.accept();
            System.out.println("Serving by the route table of the last time until the platform tells a newer one.");
        }
        if (!link.awaitTable(FIRST_TABLE_MAX)) {
            System.out.println(
                    "The platform does not answer yet, see the log; connections wait for its first route table.");
        }
        link.awaitTable();
        router.accept();
        ended.await();
    }
}
