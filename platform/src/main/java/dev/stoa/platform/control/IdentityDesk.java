package dev.stoa.platform.control;

import dev.stoa.api.Identity;
import dev.stoa.api.IdentityEvent;
import dev.stoa.platform.certificate.CertificateChain;
import dev.stoa.platform.certificate.Challenges;
import java.time.Duration;
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
    /** A router that takes longer to be told is not waited for. */
    private static final Duration TOLD_WITHIN = Duration.ofSeconds(2);

    private final String domain;
    private final String epoch;
    private final Map<String, String> answers = new TreeMap<>();
    private final Map<String, Identity> proofs = new TreeMap<>();
    private long edition;
    private long version;
    private int watches;
    private int told;

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
        awaitTold();
    }

    @Override
    public synchronized void show(String host, CertificateChain proof) {
        proofs.put(host, new Identity(host, proof.chainPem(), proof.keyPem()));
        next();
        awaitTold();
    }

    @Override
    public synchronized void withdraw(String token, String host) {
        answers.remove(token);
        proofs.remove(host);
        next();
    }

    private void next() {
        version++;
        told = 0;
        notifyAll();
    }

    /** An authority may look as soon as it is asked to. */
    private void awaitTold() {
        long wanted = version;
        long deadlineNanos = System.nanoTime() + TOLD_WITHIN.toNanos();
        try {
            for (long left = TOLD_WITHIN.toNanos();
                    left > 0 && version == wanted && told < watches;
                    left = deadlineNanos - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Tells a router all there is, and again after each change, until it has gone. */
    void watch(Consumer<IdentityEvent> sink) throws InterruptedException {
        synchronized (this) {
            watches++;
        }
        long toldVersion = -1;
        try {
            while (true) {
                IdentityEvent event;
                synchronized (this) {
                    while (version == toldVersion) {
                        wait();
                    }
                    toldVersion = version;
                    event = new IdentityEvent(domain, epoch + "." + edition, answers, List.copyOf(proofs.values()));
                }
                sink.accept(event);
                synchronized (this) {
                    if (version == toldVersion) {
                        told++;
                        notifyAll();
                    }
                }
            }
        } finally {
            synchronized (this) {
                watches--;
                if (version == toldVersion && told > 0) {
                    told--;
                }
                notifyAll();
            }
        }
    }
}
