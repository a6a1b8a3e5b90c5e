package dev.stoa.platform.control;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.certificate.CertificateFacts;
import dev.stoa.platform.certificate.Issuer;
import dev.stoa.platform.control.CertificateStore.CertificateRow;
import dev.stoa.platform.control.CertificateStore.OrderRow;
import dev.stoa.platform.control.CertificateStore.Source;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Orders certificates: one order at a time for each host, and not again soon after a failure. What failed is remembered
 * over a restart, so that no authority is asked more often because the platform is started more often.
 */
final class CertificateOrders {
    private static final System.Logger LOG = System.getLogger(CertificateOrders.class.getName());

    private static final Duration RETRY_MIN = Duration.ofMinutes(1);
    private static final Duration RETRY_MAX = Duration.ofDays(1);

    /** Each order fails twice, once for each proof; authorities count failures by the hour, and end it at five or so. */
    private static final int RETRY_FACTOR = 4;

    private static final int AT_ONCE_MAX = 4;

    private final CertificateStore store;
    private final Issuer issuer;
    private final Predicate<String> known;
    private final Consumer<String> issued;
    private final InstantSource clock;
    private final Semaphore places = new Semaphore(AT_ONCE_MAX);
    private final Map<String, CompletableFuture<Optional<StoaException>>> going = new ConcurrentHashMap<>();

    /**
     * @param known  whether a host leads to an app now
     * @param issued is told when there is a new certificate for a host
     */
    CertificateOrders(
            CertificateStore store,
            Issuer issuer,
            Predicate<String> known,
            Consumer<String> issued,
            InstantSource clock) {
        this.store = store;
        this.issuer = issuer;
        this.known = known;
        this.issued = issued;
        this.clock = clock;
    }

    /** The time until the next try after so many failures in a row. */
    static Duration retryAfter(int failures) {
        Duration wait = RETRY_MIN;
        for (int i = 1; i < failures && wait.compareTo(RETRY_MAX) < 0; i++) {
            wait = wait.multipliedBy(RETRY_FACTOR);
        }
        return wait.compareTo(RETRY_MAX) > 0 ? RETRY_MAX : wait;
    }

    boolean isGoing(String host) {
        return going.containsKey(host);
    }

    /** Orders if that is due. What comes back is why it failed, if it did. */
    CompletableFuture<Optional<StoaException>> orderInTime(String host) {
        return order(host, () -> isDue(host));
    }

    /** Orders now. */
    CompletableFuture<Optional<StoaException>> order(String host) {
        return order(host, () -> true);
    }

    private CompletableFuture<Optional<StoaException>> order(String host, BooleanSupplier wanted) {
        CompletableFuture<Optional<StoaException>> made = new CompletableFuture<>();
        CompletableFuture<Optional<StoaException>> present = going.putIfAbsent(host, made);
        if (present != null) {
            return present;
        }
        boolean begun = false;
        try {
            // Asked only now that no other order can end: who calls may have looked before the last one did.
            if (wanted.getAsBoolean()) {
                Threads.start("certificate-" + host, () -> run(host, made));
                begun = true;
            }
        } finally {
            if (!begun) {
                going.remove(host);
                made.complete(Optional.empty());
            }
        }
        return made;
    }

    /** After a failure when it has waited long enough; else without a certificate, or with one past two thirds of its life. */
    private boolean isDue(String host) {
        Instant now = clock.instant();
        Instant due = store.order(host)
                .map(OrderRow::nextAt)
                .or(() -> store.find(host, Source.ACME)
                        .map(chain -> CertificateFacts.of(chain.chainPem()).renewAt()))
                .orElse(now);
        return !due.isAfter(now);
    }

    private void run(String host, CompletableFuture<Optional<StoaException>> made) {
        try {
            Optional<StoaException> failure = issue(host);
            going.remove(host);
            made.complete(failure);
        } catch (RuntimeException | Error e) {
            // Such as a store that cannot be reached, to remember the failure in.
            going.remove(host);
            made.completeExceptionally(e);
            throw e;
        }
    }

    private Optional<StoaException> issue(String host) {
        try {
            places.acquire();
            try {
                CertificateChain chain = issuer.issue(host);
                chain.requireGood(host, clock.instant());
                store.put(host, Source.ACME, chain, clock.instant());
            } finally {
                places.release();
            }
            issued.accept(host);
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } catch (StoaException e) {
            return Optional.of(failed(host, e));
        } catch (RuntimeException e) {
            return Optional.of(failed(
                    host,
                    new StoaException(
                            ErrorCode.CERTIFICATE_NOT_ISSUED,
                            "the order of a certificate for %s broke off: %s".formatted(host, e),
                            "the platform's log says more",
                            e)));
        }
    }

    private StoaException failed(String host, StoaException why) {
        int failures = store.order(host).map(OrderRow::failures).orElse(0) + 1;
        Instant next = clock.instant().plus(retryAfter(failures));
        store.failed(new OrderRow(host, failures, why.message(), next));
        String facts =
                "no certificate host=%s failures=%d next=%s reason=%s".formatted(host, failures, next, why.message());
        if (why.getCause() instanceof RuntimeException broken) {
            LOG.log(System.Logger.Level.ERROR, facts, broken);
        } else {
            LOG.log(System.Logger.Level.WARNING, facts);
        }
        return why;
    }

    /** Orders what is due: certificates past two thirds of their life, and what failed and has waited long enough. */
    void orderDue() {
        Instant now = clock.instant();
        for (CertificateRow row : store.all()) {
            if (!row.source().equals(Source.ACME.written())) {
                continue;
            }
            CertificateFacts facts = CertificateFacts.of(row.chain());
            if (known.test(row.host())) {
                if (!facts.renewAt().isAfter(now)) {
                    var _ = orderInTime(row.host());
                }
            } else if (facts.expiresAt().isBefore(now)) {
                store.remove(row.host(), Source.ACME);
            }
        }
        for (OrderRow order : store.orders()) {
            if (!known.test(order.host())) {
                store.forgetOrder(order.host());
            } else {
                var _ = orderInTime(order.host());
            }
        }
    }
}
