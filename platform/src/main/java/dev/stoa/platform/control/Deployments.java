package dev.stoa.platform.control;

import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Ids;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.control.AppStore.AppRow;
import dev.stoa.platform.control.DeployStore.DeployRow;
import java.lang.System.Logger.Level;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The queue of changes. Those of one app run one after the other, in the order in which they came; those of different apps
 * run side by side.
 */
final class Deployments {
    private static final System.Logger LOG = System.getLogger(Deployments.class.getName());

    /** So many of an app are remembered with what they said. */
    private static final int REMEMBERED = 50;

    private final Home home;
    private final DeployStore deploys;
    private final DeployLog log;
    private final Deployment deployment;
    private final Ids ids;
    private final InstantSource clock;

    /** By app, guarded by {@code this}: the deploys that wait, and the thread that runs the first of them. */
    private final Map<Integer, Queue> queues = new HashMap<>();

    private boolean closed;

    Deployments(Home home, Stores stores, DeployLog log, Deployment deployment, Ids ids, InstantSource clock) {
        this.home = home;
        this.deploys = stores.deploys();
        this.log = log;
        this.deployment = deployment;
        this.ids = ids;
        this.clock = clock;
    }

    private static final class Queue {
        final Deque<String> waiting = new ArrayDeque<>();
        Optional<String> running = Optional.empty();
        Optional<Thread> thread = Optional.empty();
    }

    /** An id for a deploy that will be submitted, so that its source can be stored under it before. */
    String nextId() {
        return ids.next();
    }

    /** Puts a change at the end of its app's queue. */
    Deploy submit(String id, AppRow app, String kind, String description, Optional<Integer> target) {
        Deploy deploy = deploys.add(id, app.id(), kind, description, target, clock.instant());
        synchronized (this) {
            Queue queue = queues.computeIfAbsent(app.id(), key -> new Queue());
            log.append(id, new DeployEvent.Line(greeting(queue, kind, app)));
            enqueue(app.id(), id);
        }
        return deploy;
    }

    private static String greeting(Queue queue, String kind, AppRow app) {
        String what = kind.substring(0, 1).toUpperCase(java.util.Locale.ROOT) + kind.substring(1) + " of " + app.name();
        return queue.running
                .map(ahead -> "-----> %s, after %s, which is on its way".formatted(what, ahead))
                .orElse("-----> " + what);
    }

    /** Goes on with what a platform that was stopped or killed has left. */
    void resume() {
        List<DeployRow> open = deploys.open();
        home.dropUploads(open.stream().map(row -> row.deploy().id()).collect(Collectors.toSet()));
        for (DeployRow row : open) {
            synchronized (this) {
                enqueue(row.app(), row.deploy().id());
            }
        }
    }

    /** Gives up a change that has not ended. What it has built or started goes; what served before goes on. */
    Deploy cancel(AppRow app, String id) {
        DeployRow row = find(app, id);
        boolean waiting;
        synchronized (this) {
            Queue queue = queues.computeIfAbsent(app.id(), key -> new Queue());
            waiting = queue.waiting.remove(id);
            if (queue.running.filter(id::equals).isPresent()) {
                queue.thread.ifPresent(Thread::interrupt);
            }
        }
        if (waiting) {
            finish(row, Optional.of(Deployment.cancelled()));
        }
        return find(app, id).deploy();
    }

    /** Tells what the deploy said and says, until its end. */
    void follow(AppRow app, String id, Consumer<DeployEvent> sink) throws InterruptedException {
        find(app, id);
        log.follow(id, sink);
    }

    DeployRow find(AppRow app, String id) {
        return deploys.find(id)
                .filter(row -> row.app() == app.id())
                .orElseThrow(() -> new StoaException(
                        ErrorCode.NOT_FOUND,
                        "the app %s has no deploy %s".formatted(app.name(), id),
                        "stoa deploys -a %s lists them".formatted(app.name())));
    }

    /** Cancels all of an app's changes, and takes no more. */
    void retire(AppRow app) {
        deploys.open().stream()
                .filter(row -> row.app() == app.id())
                .forEach(row -> cancel(app, row.deploy().id()));
        Optional<Thread> thread;
        synchronized (this) {
            thread = Optional.ofNullable(queues.get(app.id())).flatMap(queue -> queue.thread);
        }
        thread.ifPresent(Deployments::join);
        synchronized (this) {
            queues.remove(app.id());
        }
    }

    /** Starts nothing any more. What has not ended goes on at the next start. */
    synchronized void close() {
        closed = true;
    }

    private void enqueue(int app, String id) {
        Queue queue = queues.computeIfAbsent(app, key -> new Queue());
        queue.waiting.add(id);
        if (queue.thread.isEmpty()) {
            queue.thread = Optional.of(Threads.start("deploys-" + app, () -> drain(app, queue)));
        }
    }

    private void drain(int app, Queue queue) {
        while (true) {
            String id;
            synchronized (this) {
                id = queue.waiting.poll();
                queue.running = Optional.ofNullable(id);
                if (id == null || closed) {
                    queue.running = Optional.empty();
                    queue.thread = Optional.empty();
                    queues.remove(app, queue);
                    return;
                }
            }
            deploys.find(id).filter(row -> !row.deploy().ended()).ifPresent(this::run);
        }
    }

    private void run(DeployRow row) {
        Optional<StoaException> failure;
        try {
            deployment.run(row);
            failure = Optional.empty();
        } catch (InterruptedException e) {
            failure = Optional.of(Deployment.cancelled());
        } catch (StoaException e) {
            failure = Optional.of(e);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "a deploy failed deploy=" + row.deploy().id(), e);
            failure = Optional.of(Deployment.unforeseen(e));
        }
        synchronized (this) {
            if (closed) {
                return;
            }
        }
        boolean interrupted = Thread.interrupted();
        finish(deploys.find(row.deploy().id()).orElse(row), failure);
        if (interrupted) {
            LOG.log(
                    Level.DEBUG,
                    "a cancel came too late deploy={0}",
                    row.deploy().id());
        }
    }

    private void finish(DeployRow row, Optional<StoaException> failure) {
        String id = row.deploy().id();
        deployment.cleanUp(row, failure);
        String state = failure.map(e -> e.code() == ErrorCode.CANCELLED ? "cancelled" : "failed")
                .orElse("done");
        Deploy ended = deploys.end(id, state, failure.map(StoaException::problem), clock.instant());
        Optional<String> url = failure.isPresent() ? Optional.empty() : deployment.url(row);
        log.append(id, new DeployEvent.End(ended, url));
        log.delete(deploys.trim(row.app(), REMEMBERED));
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
