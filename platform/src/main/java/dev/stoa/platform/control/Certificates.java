package dev.stoa.platform.control;

import dev.stoa.api.Certificate;
import dev.stoa.api.CertificateAuthority;
import dev.stoa.api.DomainName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Requests.AddCertificate;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.certificate.AcmeIssuer;
import dev.stoa.platform.certificate.AcmeOptions;
import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.certificate.CertificateFacts;
import dev.stoa.platform.certificate.Issuer;
import dev.stoa.platform.certificate.LocalAuthority;
import dev.stoa.platform.control.CertificateStore.CertificateRow;
import dev.stoa.platform.control.CertificateStore.OrderRow;
import dev.stoa.platform.control.CertificateStore.Source;
import dev.stoa.platform.router.IdentitySource;
import dev.stoa.platform.router.Router;
import dev.stoa.platform.router.ServerIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which certificate a host has: one that somebody brought, else one of an authority that was asked for it, else one of the
 * platform's own authority.
 */
public final class Certificates implements IdentitySource, AutoCloseable {
    /** Between two looks at what is due. */
    private static final Duration LOOK = Duration.ofMinutes(1);

    /** Certificates of the own authority live for 90 days; by then every host has been asked for anew. */
    private static final Duration REFRESH = Duration.ofDays(1);

    /** A first client waits so long for an order, and is shown one of the own authority after that. */
    private static final Duration ORDER_WAIT = Duration.ofSeconds(8);

    private static final Duration EXPIRING = Duration.ofDays(14);

    private static final Pattern HOST = Pattern.compile(
            "(?=.{1,253}$)(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    private final CertificateStore store;
    private final AppStore apps;
    private final String domain;
    private final Supplier<LocalAuthority> authority;
    private final Optional<CertificateOrders> orders;
    private final Consumer<Predicate<String>> changed;
    private final InstantSource clock;
    private Instant refreshAt;
    private volatile @Nullable ScheduledFuture<?> next;
    private volatile boolean closed;

    /**
     * @param domain    the suffix of the apps' names
     * @param authority the own one, opened when it is needed
     * @param issuer    who is asked for hosts that the world knows; absent: nobody
     * @param changed   is told of hosts that have another certificate now
     */
    Certificates(
            Stores stores,
            String domain,
            Supplier<LocalAuthority> authority,
            Optional<Issuer> issuer,
            Consumer<Predicate<String>> changed,
            InstantSource clock) {
        this.store = stores.certificates();
        this.apps = stores.apps();
        this.domain = domain;
        this.authority = authority;
        this.changed = changed;
        this.clock = clock;
        this.refreshAt = clock.instant().plus(REFRESH);
        this.orders = issuer.map(asked ->
                new CertificateOrders(store, asked, this::isOrdered, host -> changed.accept(host::equals), clock));
    }

    /** With the platform's parts. */
    public static Certificates of(
            Home home,
            Stores stores,
            Router router,
            IdentityDesk desk,
            String domain,
            Optional<AcmeOptions> acme,
            InstantSource clock) {
        Supplier<LocalAuthority> authority = new OpenedOnce(home.authority(), clock);
        Optional<Issuer> issuer = acme.map(options -> new AcmeIssuer(
                options,
                () -> stores.certificates().accountKey(options.directory().toString(), AcmeIssuer::newAccountKey),
                new RouterChallenges(router, desk)));
        Consumer<Predicate<String>> changed = hosts -> {
            router.identityChanged(hosts);
            desk.changed();
        };
        return new Certificates(stores, domain, authority, issuer, changed, clock);
    }

    /** Makes the authority of a platform that has none, so that its certificate stands where the platform says it does. */
    public static AutoCloseable prepare(Home home, InstantSource clock) {
        if (!Files.exists(home.authorityCertificate())) {
            LocalAuthority.open(home.authority(), clock);
        }
        return () -> {};
    }

    /** Nobody waits at the start for what may not be needed. */
    private static final class OpenedOnce implements Supplier<LocalAuthority> {
        private final Path folder;
        private final InstantSource clock;
        private @Nullable LocalAuthority opened;

        OpenedOnce(Path folder, InstantSource clock) {
            this.folder = folder;
            this.clock = clock;
        }

        @Override
        public synchronized LocalAuthority get() {
            LocalAuthority present = opened;
            if (present == null) {
                present = LocalAuthority.open(folder, clock);
                opened = present;
            }
            return present;
        }
    }

    /** Orders what is due, from now on. */
    public void start() {
        Threads.start("certificates", this::look);
    }

    private void look() {
        try {
            lookNow();
        } finally {
            if (!closed) {
                next = Threads.after(LOOK, "certificates", this::look);
            }
        }
    }

    void lookNow() {
        orders.ifPresent(CertificateOrders::orderDue);
        if (!clock.instant().isBefore(refreshAt)) {
            refreshAt = clock.instant().plus(REFRESH);
            changed.accept(host -> true);
        }
    }

    @Override
    public void close() {
        closed = true;
        ScheduledFuture<?> waiting = next;
        if (waiting != null) {
            waiting.cancel(false);
        }
    }

    // What the router asks.

    @Override
    public Optional<ServerIdentity> find(String host) {
        return chain(host).map(chain -> new ServerIdentity(chain.certificates(), chain.key()));
    }

    /** The same, with what a router in another process needs to be told. */
    Optional<CertificateChain> chain(String host) {
        if (host.equals(NO_HOST)) {
            List<String> names = Stream.of(domain, "*." + domain, "localhost", "127.0.0.1", "::1")
                    .distinct()
                    .toList();
            return Optional.of(authority.get().issue(names));
        }
        Optional<CertificateChain> stored = stored(host);
        if (stored.isEmpty() && isOrdered(host)) {
            ordered(host);
            stored = stored(host);
        }
        // One that has expired says better what is wrong than one that nobody trusts.
        return stored.or(() -> own(host)).or(() -> Optional.of(authority.get().issue(List.of(host))));
    }

    @Override
    public boolean greets(String host) {
        return host.equals(domain) || host.endsWith("." + domain);
    }

    private Optional<CertificateChain> stored(String host) {
        return own(host)
                .filter(this::isAlive)
                .or(() -> store.find(host, Source.ACME).filter(this::isAlive));
    }

    private Optional<CertificateChain> own(String host) {
        return store.find(host, Source.OWN).or(() -> store.find(wildcard(host), Source.OWN));
    }

    private boolean isAlive(CertificateChain chain) {
        return chain.expiresAt().isAfter(clock.instant());
    }

    private void ordered(String host) {
        orders.ifPresent(present -> {
            try {
                var _ = present.orderInTime(host).get(ORDER_WAIT.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException | ExecutionException e) {
                // Whoever comes next may be luckier.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static String wildcard(String host) {
        return "*" + host.substring(Math.max(0, host.indexOf('.')));
    }

    /** Whether a certificate of the host is to be asked for: it leads to an app, and the world can know it. */
    private boolean isOrdered(String host) {
        return orders.isPresent() && isPublic(host) && isKnown(host);
    }

    private static boolean isPublic(String host) {
        return host.contains(".") && !host.endsWith(".localhost");
    }

    private boolean isKnown(String host) {
        return apps.ownerOf(host).isPresent()
                || (host.endsWith("." + domain)
                        && apps.find(host.substring(0, host.length() - domain.length() - 1))
                                .isPresent());
    }

    // What users ask.

    CertificateAuthority authority() {
        LocalAuthority own = authority.get();
        return new CertificateAuthority(own.file().toString(), own.certificatePem(), own.fingerprint());
    }

    Certificate add(AddCertificate request) {
        String host = host(request.host());
        CertificateChain chain = CertificateChain.parse(request.chain(), request.key());
        chain.requireGood(host, clock.instant());
        store.put(host, Source.OWN, chain, clock.instant());
        tell(host);
        return shown(new CertificateRow(host, Source.OWN.written(), chain.chainPem()), Optional.empty());
    }

    /** The one that was brought; else the one that an authority gave, with which it is asked again when there is need. */
    void remove(String name) {
        String host = host(name);
        boolean removed = store.remove(host, Source.OWN) || store.remove(host, Source.ACME);
        if (!removed) {
            throw new StoaException(
                    ErrorCode.NOT_FOUND,
                    "there is no certificate for %s".formatted(host),
                    "stoa certs lists those that there are");
        }
        tell(host);
    }

    /** Orders one now, whatever happened before. */
    Certificate renew(String name) throws InterruptedException {
        String host = host(name);
        CertificateOrders present = orders.orElseThrow(() -> new StoaException(
                ErrorCode.BAD_REQUEST,
                "the platform asks no authority for certificates",
                "start it with: stoa up --acme-email you@example.com   or bring one: stoa certs add " + host
                        + " --cert chain.pem --key key.pem"));
        if (!isOrdered(host)) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    isPublic(host)
                            ? "%s leads to no app, so no certificate is ordered for it".formatted(host)
                            : "no authority gives certificates for %s".formatted(host),
                    isPublic(host)
                            ? "stoa domains add %s -a APP".formatted(host)
                            : "the platform's own authority does: stoa certs trust");
        }
        try {
            Optional<StoaException> failure = present.order(host).get();
            if (failure.isPresent()) {
                StoaException why = failure.get();
                // Without its cause, which may be a connection that broke, but not that of the one who asks.
                throw new StoaException(why.code(), why.message(), why.hint().orElse(""));
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
        return of(host);
    }

    /** Those that are stored, and the domains of apps. */
    List<Certificate> list() {
        Map<String, OrderRow> failed = failed();
        List<Certificate> all = new ArrayList<>(store.all().stream()
                .map(row -> shown(row, Optional.ofNullable(failed.get(row.host()))))
                .toList());
        List<String> stored = all.stream().map(Certificate::host).toList();
        apps.all().stream()
                .flatMap(app -> apps.domains(app.id()).stream())
                .filter(host -> !stored.contains(host) && !stored.contains(wildcard(host)))
                .forEach(host -> all.add(missing(host, Optional.ofNullable(failed.get(host)))));
        failed.values().stream()
                .filter(order -> all.stream().noneMatch(shown -> shown.host().equals(order.host())))
                .forEach(order -> all.add(missing(order.host(), Optional.of(order))));
        all.sort((one, other) -> one.host().compareTo(other.host()));
        return all;
    }

    /** The one that clients who ask for the host are shown. */
    Certificate of(String host) {
        Optional<OrderRow> failed = store.order(host);
        Map<String, CertificateRow> rows = new LinkedHashMap<>();
        store.all().forEach(row -> rows.put(row.source() + " " + row.host(), row));
        return Stream.of("own " + host, "own " + wildcard(host), "acme " + host)
                .flatMap(key -> Optional.ofNullable(rows.get(key)).stream())
                .findFirst()
                .map(row -> shown(row, failed))
                .orElseGet(() -> missing(host, failed));
    }

    private Map<String, OrderRow> failed() {
        Map<String, OrderRow> failed = new LinkedHashMap<>();
        store.orders().forEach(order -> failed.put(order.host(), order));
        return failed;
    }

    private Certificate shown(CertificateRow row, Optional<OrderRow> failed) {
        CertificateFacts facts = CertificateFacts.of(row.chain());
        boolean own = row.source().equals(Source.OWN.written());
        Instant now = clock.instant();
        String state = "valid";
        String detail = "";
        if (!facts.expiresAt().isAfter(now)) {
            state = "expired";
            detail = own ? "add the new one: stoa certs add " + row.host() : "";
        } else if (own && facts.expiresAt().isBefore(now.plus(EXPIRING))) {
            state = "expiring";
            detail = "nothing renews it; add the new one: stoa certs add " + row.host();
        } else if (!own && !facts.renewAt().isAfter(now) && orders.isEmpty()) {
            state = "expiring";
            detail = "the platform asks no authority any more: stoa up --acme-email";
        }
        if (!own && failed.isPresent()) {
            detail = "cannot be renewed: " + retry(failed.get());
        }
        return new Certificate(row.host(), row.source(), facts.issuer(), Optional.of(facts.expiresAt()), state, detail);
    }

    private Certificate missing(String host, Optional<OrderRow> failed) {
        if (!isOrdered(host)) {
            String why = orders.isPresent() && isPublic(host)
                    ? "the host leads to no app"
                    : isPublic(host)
                            ? "only who trusts it believes it (stoa certs trust); for the world: stoa up --acme-email, or stoa certs add"
                            : "only who trusts it believes it: stoa certs trust";
            return new Certificate(host, "local", "Stoa local authority", Optional.empty(), "local", why);
        }
        if (orders.orElseThrow().isGoing(host)) {
            return new Certificate(host, "acme", "", Optional.empty(), "ordering", "the authority is asked just now");
        }
        return failed.map(order -> new Certificate(host, "acme", "", Optional.empty(), "failed", retry(order)))
                .orElseGet(() -> new Certificate(
                        host, "acme", "", Optional.empty(), "pending", "ordered at the first request by HTTPS"));
    }

    private String retry(OrderRow order) {
        return "%s; next try at %s, or now: stoa certs renew %s"
                .formatted(order.reason(), order.nextAt().truncatedTo(ChronoUnit.SECONDS), order.host());
    }

    private void tell(String host) {
        changed.accept(host.startsWith("*.") ? each -> wildcard(each).equals(host) : host::equals);
    }

    private static String host(String name) {
        String host = DomainName.ascii(name);
        if (!HOST.matcher(host).matches()) {
            throw new StoaException(
                    ErrorCode.BAD_REQUEST,
                    "\"%s\" is not a host name".formatted(name),
                    "for example: stoa certs add shop.example.com --cert chain.pem --key key.pem");
        }
        return host;
    }
}
