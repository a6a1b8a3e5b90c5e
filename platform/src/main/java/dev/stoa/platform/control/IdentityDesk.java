package dev.stoa.platform.control;

import dev.stoa.api.Identity;
import dev.stoa.api.IdentityEvent;
import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.certificate.Challenges;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Tells routers in other processes what concerns certificates: that some have changed, after which they ask anew for those
 * that they need, and the proofs for an authority, which may look at any of them.
 */
public final class IdentityDesk implements Challenges {
    /** A router that takes longer to show a proof is not waited for. */
    private static final Duration DONE_WITHIN = Duration.ofSeconds(5);

    private final String domain;
    private final String epoch;
    private final Map<String, String> answers = new TreeMap<>();
    private final Map<String, Identity> proofs = new TreeMap<>();
    private long edition;
    private long version;
    private final Map<String, Watch> watches = new HashMap<>();

    /** A router that is connected, and how far it is. */
    private static final class Watch {
        private long done = -1;
    }

    /** @param epoch tells this platform's editions from those of others */
    public IdentityDesk(String domain, String epoch) {
        this.domain = domain;
        this.epoch = epoch;
    }

    /** Certificates of some hosts are others now. */
    public synchronized void changed() {
        edition++;
        next();
    }

    @Override
    public synchronized void answer(String token, String authorization) {
        answers.put(token, authorization);
        next();
        awaitDone();
    }

    @Override
    public synchronized void show(String host, CertificateChain proof) {
        proofs.put(host, new Identity(host, proof.chainPem(), proof.keyPem()));
        next();
        awaitDone();
    }

    @Override
    public synchronized void withdraw(String token, String host) {
        answers.remove(token);
        proofs.remove(host);
        next();
    }

    private void next() {
        version++;
        notifyAll();
    }

    /** An authority may look as soon as it is asked to. */
    private void awaitDone() {
        long wanted = version;
        long deadlineNanos = System.nanoTime() + DONE_WITHIN.toNanos();
        try {
            for (long left = DONE_WITHIN.toNanos();
                    left > 0 && watches.values().stream().anyMatch(watch -> watch.done < wanted);
                    left = deadlineNanos - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A router has acted upon what it was told. */
    synchronized void done(String router, long version) {
        Watch watch = watches.get(router);
        if (watch != null) {
            watch.done = Math.max(watch.done, version);
            notifyAll();
        }
    }

    /** Tells a router all there is, and again after each change, until it has gone. */
    void watch(String router, Consumer<IdentityEvent> sink) throws InterruptedException {
        Watch watch = new Watch();
        synchronized (this) {
            watches.put(router, watch);
        }
        long told = -1;
        try {
            while (true) {
                IdentityEvent event;
                synchronized (this) {
                    while (version == told) {
                        wait();
                    }
                    told = version;
                    event = new IdentityEvent(
                            version, domain, epoch + "." + edition, answers, List.copyOf(proofs.values()));
                }
                sink.accept(event);
            }
        } finally {
            synchronized (this) {
                watches.remove(router, watch);
                notifyAll();
            }
        }
    }
}
