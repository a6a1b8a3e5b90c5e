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
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The queue of changes. Those of one app run one after the other, in the order in which they came; those of different apps
 * run side by side.
 */
final class Deployments {
    private static final System.Logger LOG = System.getLogger(Deployments.class.getName());

    /** So many of an app are remembered with what they said. */
    private static final int REMEMBERED = 50;

    private static final Duration TRY_AGAIN_AFTER = Duration.ofSeconds(2);

    private final Home home;
    private final DeployStore deploys;
    private final DeployLog log;
    private final Deployment deployment;
    private final Ids ids;
    private final InstantSource clock;

    /** By app, guarded by {@code this}: the deploys that wait, and the thread that runs the first of them. */
    private final Map<Integer, Queue> queues = new HashMap<>();

    private final Set<Integer> retired = new HashSet<>();

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
        final int app;
        final Deque<String> waiting = new ArrayDeque<>();
        Optional<String> running = Optional.empty();
        Optional<Thread> thread = Optional.empty();

        /** Somebody wants the one that runs to end. */
        boolean cancelled;

        /** The one that runs may be interrupted; the writing down of its end may not. */
        boolean interruptible;

        Queue(int app) {
            this.app = app;
        }

        void interrupt() {
            if (interruptible) {
                thread.ifPresent(Thread::interrupt);
            }
        }
    }

    /** An id for a deploy that will be submitted, so that its source can be stored under it before. */
    String nextId() {
        return ids.next();
    }

    /** Puts a change at the end of its app's queue. */
    Deploy submit(String id, AppRow app, String kind, String description, Optional<Integer> target) {
        return submit(id, app, kind, description, target, Optional.empty());
    }

    /** @param canary the share of the requests, in percent, for a release that is to be a canary */
    Deploy submit(
            String id,
            AppRow app,
            String kind,
            String description,
            Optional<Integer> target,
            Optional<Integer> canary) {
        // In one step with the adding, or a destroy in between would neither be told of nor find what it has to cancel.
        synchronized (this) {
            if (retired.contains(app.id()) || closed) {
                throw new StoaException(
                        closed ? ErrorCode.SHUTTING_DOWN : ErrorCode.APP_NOT_FOUND,
                        closed ? "the platform is stopping" : "the app %s is being destroyed".formatted(app.name()),
                        "");
            }
            Deploy deploy = deploys.add(id, app.id(), kind, description, target, canary, clock.instant());
            Queue queue = queues.computeIfAbsent(app.id(), Queue::new);
            log.append(id, new DeployEvent.Line(greeting(queue, kind, app)));
            enqueue(app.id(), id);
            return deploy;
        }
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
            log.append(row.deploy().id(), new DeployEvent.Line("-----> The platform was stopped, and goes on"));
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
            Queue queue = queues.computeIfAbsent(app.id(), Queue::new);
            waiting = queue.waiting.remove(id);
            if (queue.running.filter(id::equals).isPresent()) {
                queue.cancelled = true;
                queue.interrupt();
            }
        }
        if (waiting) {
            deployment.dropUpload(row);
            end(row, Optional.of(Deployment.cancelled()));
        }
        return find(app, id).deploy();
    }

    /** Gives up a deploy that has not begun, because a newer one takes its place. */
    void supersede(AppRow app, String id, String newer) {
        synchronized (this) {
            Queue queue = queues.get(app.id());
            if (queue == null || !queue.waiting.remove(id)) {
                return;
            }
        }
        DeployRow row = find(app, id);
        deployment.dropUpload(row);
        end(
                row,
                Optional.of(new StoaException(
                        ErrorCode.CANCELLED, "a newer push has taken its place: deploy " + newer, "")));
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
        synchronized (this) {
            retired.add(app.id());
        }
        deploys.open().stream()
                .filter(row -> row.app() == app.id())
                .forEach(row -> cancel(app, row.deploy().id()));
        Optional<Thread> thread;
        synchronized (this) {
            Optional.ofNullable(queues.get(app.id())).ifPresent(Queue::interrupt);
            thread = Optional.ofNullable(queues.get(app.id())).flatMap(queue -> queue.thread);
        }
        thread.ifPresent(Deployments::join);
    }

    /** The app is to live on after all. */
    synchronized void unretire(AppRow app) {
        retired.remove(app.id());
    }

    /** Deletes what the app's deploys said. */
    void forget(AppRow app) {
        log.delete(deploys.ofApp(app.id(), Integer.MAX_VALUE).stream()
                .map(Deploy::id)
                .toList());
    }

    /** Stops what is on its way, and starts nothing any more. All of it goes on at the next start. */
    void close() {
        List<Thread> threads;
        synchronized (this) {
            closed = true;
            queues.values().forEach(Queue::interrupt);
            threads = queues.values().stream()
                    .flatMap(queue -> queue.thread.stream())
                    .toList();
        }
        threads.forEach(Deployments::join);
    }

    private void enqueue(int app, String id) {
        Queue queue = queues.computeIfAbsent(app, Queue::new);
        queue.waiting.add(id);
        if (queue.thread.isEmpty() && !closed) {
            queue.thread = Optional.of(Threads.start("deploys-" + app, () -> drain(app, queue)));
        }
    }

    private void drain(int app, Queue queue) {
        for (Optional<String> id = next(app, queue); id.isPresent(); id = next(app, queue)) {
            String deploy = id.get();
            Optional<Optional<StoaException>> outcome = persistently(deploy, () -> attempt(deploy, queue));
            outcome.ifPresent(failure -> persistently(deploy, () -> {
                deploys.find(deploy).ifPresent(row -> {
                    deployment.cleanUp(row, failure);
                    end(row, failure);
                });
                return true;
            }));
            settle(deploy, queue);
        }
    }

    /** The deploy has ended for whoever waits for it; the next one of the app must find its cache at rest. */
    private void settle(String id, Queue queue) {
        synchronized (this) {
            queue.interruptible = true;
            if (closed || retired.contains(queue.app)) {
                Thread.currentThread().interrupt();
            }
        }
        try {
            deployment.settle(id);
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "a build was kept from keeping all for the next one deploy={0}", id);
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "cannot tidy up after a build deploy=" + id, e);
        }
        synchronized (this) {
            queue.interruptible = false;
            boolean _ = Thread.interrupted();
        }
    }

    private synchronized Optional<String> next(int app, Queue queue) {
        queue.running = closed ? Optional.empty() : Optional.ofNullable(queue.waiting.poll());
        queue.cancelled = false;
        if (queue.running.isEmpty()) {
            queue.thread = Optional.empty();
            queues.remove(app, queue);
        }
        return queue.running;
    }

    /** The failure, if it was one. Whether the deploy has ended already does not matter to whoever ends it. */
    private Optional<StoaException> attempt(String id, Queue queue) {
        DeployRow row = deploys.find(id).orElseThrow();
        Optional<StoaException> failure;
        try {
            synchronized (this) {
                queue.interruptible = true;
                if (queue.cancelled || closed) {
                    throw new InterruptedException();
                }
            }
            deployment.run(row);
            failure = Optional.empty();
        } catch (InterruptedException e) {
            failure = Optional.of(Deployment.cancelled());
        } catch (StoaException e) {
            failure = Optional.of(e);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "a deploy failed deploy=" + id, e);
            failure = Optional.of(Deployment.unforeseen(e));
        }
        synchronized (this) {
            queue.interruptible = false;
            boolean _ = Thread.interrupted();
            if (failure.isPresent() && queue.cancelled) {
                return Optional.of(Deployment.cancelled());
            }
        }
        return failure;
    }

    /** Does something that must be done; while the store or the disk fails, again and again, until the platform closes. */
    private <T> Optional<T> persistently(String deploy, Supplier<T> action) {
        while (true) {
            try {
                T result = action.get();
                synchronized (this) {
                    return closed ? Optional.empty() : Optional.of(result);
                }
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "a deploy cannot go on, will try again deploy=" + deploy, e);
            }
            try {
                Thread.sleep(TRY_AGAIN_AFTER);
            } catch (InterruptedException e) {
                return Optional.empty();
            }
        }
    }

    private void end(DeployRow row, Optional<StoaException> failure) {
        String id = row.deploy().id();
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
