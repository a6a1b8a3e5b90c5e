package dev.stoa.platform.control;

import dev.stoa.api.AppName;
import dev.stoa.api.Deploy;
import dev.stoa.api.DeployEvent;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.Problem;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.source.git.GitRepository;
import dev.stoa.platform.source.git.GitTree;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jgit.errors.TooLargeObjectInPackException;
import org.eclipse.jgit.errors.TooLargePackException;
import org.eclipse.jgit.errors.UnpackException;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.NullProgressMonitor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevObject;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.transport.ReceiveCommand;
import org.eclipse.jgit.transport.ReceiveCommand.Result;
import org.eclipse.jgit.transport.ReceivePack;
import org.eclipse.jgit.transport.UnpackErrorHandler;

/**
 * One push. The branch that is deployed moves only when its new commit serves: the deploy happens between the arrival of
 * the commits and the update of the branch, and whoever pushes hears all that it says. When they go away meanwhile, the
 * deploy is cancelled.
 */
final class GitPush implements AutoCloseable {
    /** One file, in any version that is pushed. */
    static final long FILE_BYTES_MAX = 1L << 30;

    private static final System.Logger LOG = System.getLogger(GitPush.class.getName());

    /** A client that has gone is noticed within two of these. */
    private static final Duration BEAT_EVERY = Duration.ofSeconds(2);

    /** A packet with nothing in it, which clients pass over. */
    private static final byte[] BEAT = "0005\1".getBytes(StandardCharsets.US_ASCII);

    private static final int STORED_NAMED_MAX = 5;
    private static final int SUBJECT_CHARS_MAX = 60;
    private static final int REASON_CHARS_MAX = 160;

    private final Apps apps;
    private final AppName app;
    private final GitRepository repository;
    private final ReentrantLock deploys;
    private final Packets out;
    private final ReceivePack pack;
    private volatile boolean clientHasGone;

    /** @param deploys held while the branch that is deployed is looked at and moved */
    GitPush(Apps apps, AppName app, GitRepository repository, ReentrantLock deploys, OutputStream out) {
        this.apps = apps;
        this.app = app;
        this.repository = repository;
        this.deploys = deploys;
        this.out = new Packets(out);
        this.pack = new Receiver(repository.repository());
    }

    /** Takes what is pushed, and returns when everything is said. */
    void receive(PushedPack pushed) throws IOException {
        pack.setBiDirectionalPipe(false);
        pack.setMaxPackSizeLimit(Uploads.BYTES_MAX);
        pack.setMaxObjectSizeLimit(FILE_BYTES_MAX);
        pack.setPreReceiveHook((receiving, commands) -> decide(commands));
        UnpackErrorHandler standard = pack.getUnpackErrorHandler();
        pack.setUnpackErrorHandler(error -> {
            StoaException why = refused(error);
            pushed.drain();
            say(why.problem());
            standard.handleUnpackException(new IOException(firstLine(why.message())));
        });
        try {
            pack.receive(pushed, out, OutputStream.nullOutputStream());
        } catch (UnpackException e) {
            LOG.log(Level.DEBUG, "a push was refused, and who pushed knows why app=" + app, e);
        }
        pushed.drain();
    }

    @Override
    public void close() {
        if (deploys.isHeldByCurrentThread()) {
            deploys.unlock();
        }
    }

    /** Moves the branches without a word: JGit would tell the progress of it, which is over before it is read. */
    private static final class Receiver extends ReceivePack {
        Receiver(Repository into) {
            super(into);
        }

        @Override
        protected void executeCommands() {
            List<ReceiveCommand> accepted = filterCommands(Result.NOT_ATTEMPTED);
            try {
                getRepository()
                        .getRefDatabase()
                        .newBatchUpdate()
                        .setAllowNonFastForwards(true)
                        .setAtomic(isAtomic())
                        .addCommand(accepted)
                        .execute(getRevWalk(), NullProgressMonitor.INSTANCE);
            } catch (IOException e) {
                LOG.log(Level.ERROR, "branches were not moved repository=" + getRepository(), e);
                accepted.forEach(command ->
                        command.setResult(Result.REJECTED_OTHER_REASON, "cannot be stored: " + e.getMessage()));
            }
        }
    }

    /** One write is one packet, and beats come between packets. */
    private static final class Packets extends OutputStream {
        private final OutputStream out;

        Packets(OutputStream out) {
            this.out = out;
        }

        @Override
        public synchronized void write(int b) throws IOException {
            out.write(b);
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public synchronized void flush() throws IOException {
            out.flush();
        }

        synchronized void beat() throws IOException {
            out.write(BEAT);
            out.flush();
        }
    }

    private void decide(Collection<ReceiveCommand> commands) {
        try {
            Optional<ReceiveCommand> deployed = deployed(commands);
            refuseWhatCannotBe(commands, deployed);
            tellWhatIsStored(commands, deployed);
            if (deployed.isPresent() && deployed.get().getResult() == Result.NOT_ATTEMPTED) {
                withHeartbeat(() -> deploy(deployed.get(), commands));
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, "a push failed app=" + app, e);
            commands.forEach(command -> reject(command, Deployment.unforeseen(new UncheckedIOException(e))));
        }
    }

    /** The one that moves the branch that is deployed; where none is yet, main comes before master. */
    private Optional<ReceiveCommand> deployed(Collection<ReceiveCommand> commands) throws IOException {
        Optional<String> branch = repository.deployedBranch();
        return commands.stream()
                .filter(command -> branch.map(command.getRefName()::equals)
                        .orElse(GitRepository.maybeDeployed(command.getRefName())))
                .min(Comparator.comparing(ReceiveCommand::getRefName));
    }

    private void refuseWhatCannotBe(Collection<ReceiveCommand> commands, Optional<ReceiveCommand> deployed)
            throws IOException {
        try (RevWalk objects = new RevWalk(repository.repository())) {
            for (ReceiveCommand command : commands) {
                boolean deletes = command.getType() == ReceiveCommand.Type.DELETE;
                if (deletes && deployed.filter(command::equals).isPresent()) {
                    reject(
                            command,
                            new StoaException(
                                    ErrorCode.BAD_REQUEST,
                                    "%s is the branch that is deployed, and cannot be deleted".formatted(name(command)),
                                    "to end the app and delete all of it: stoa destroy -a " + app));
                } else if (!deletes && command.getRefName().startsWith(Constants.R_HEADS)) {
                    RevObject object = objects.parseAny(command.getNewId());
                    if (!(object instanceof RevCommit)) {
                        reject(
                                command,
                                new StoaException(
                                        ErrorCode.BAD_REQUEST,
                                        "what was pushed to %s is no commit".formatted(name(command)),
                                        "push a branch: git push stoa main"));
                    }
                }
            }
        }
    }

    private void tellWhatIsStored(Collection<ReceiveCommand> commands, Optional<ReceiveCommand> deployed)
            throws IOException {
        String branch = Repository.shortenRefName(deployed.map(ReceiveCommand::getRefName)
                .or(this::deployedBranch)
                .orElse(GitRepository.MAIN));
        var stored = commands.stream()
                .filter(command -> command.getType() != ReceiveCommand.Type.DELETE
                        && command.getResult() == Result.NOT_ATTEMPTED
                        && deployed.filter(command::equals).isEmpty())
                .toList();
        for (ReceiveCommand command : stored.stream().limit(STORED_NAMED_MAX).toList()) {
            boolean isBranch = command.getRefName().startsWith(Constants.R_HEADS);
            say("-----> %s is stored, not deployed: what is pushed to %s is. To deploy it: git push stoa %s:%s"
                    .formatted(name(command), branch, isBranch ? name(command) : name(command) + "^{}", branch));
        }
        if (stored.size() > STORED_NAMED_MAX) {
            say("-----> and %d more, stored and not deployed".formatted(stored.size() - STORED_NAMED_MAX));
        }
    }

    private Optional<String> deployedBranch() {
        try {
            return repository.deployedBranch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Blocking {
        void run() throws InterruptedException, IOException;
    }

    /** Interrupts the action when the client has gone. */
    private void withHeartbeat(Blocking action) throws IOException {
        Thread pusher = Thread.currentThread();
        Thread heart = Threads.start("push-heartbeat", () -> {
            try {
                while (pack.isSideBand()) {
                    Thread.sleep(BEAT_EVERY);
                    out.beat();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (IOException | RuntimeException e) {
                clientHasGone = true;
                pusher.interrupt();
            }
        });
        try {
            action.run();
        } catch (InterruptedException e) {
            LOG.log(Level.DEBUG, "a push was interrupted app=" + app, e);
        } finally {
            heart.interrupt();
            while (heart.isAlive()) {
                try {
                    heart.join();
                } catch (InterruptedException e) {
                    LOG.log(Level.DEBUG, "a push was interrupted at its end app=" + app, e);
                }
            }
            boolean _ = Thread.interrupted();
        }
    }

    private void deploy(ReceiveCommand command, Collection<ReceiveCommand> commands)
            throws InterruptedException, IOException {
        // What ends this early must not leave the branch to be moved.
        Deployed outcome = new Deployed(command);
        try {
            if (!deploys.tryLock()) {
                say("       waits for another push to %s to end".formatted(app));
                deploys.lockInterruptibly();
            }
            Ref now = repository.repository().exactRef(command.getRefName());
            ObjectId there = now == null ? ObjectId.zeroId() : now.getObjectId();
            if (!there.equals(command.getOldId()) || !deployed(commands).equals(Optional.of(command))) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "somebody else has pushed to %s meanwhile".formatted(app),
                        "git fetch stoa, see what is there, and push again");
            }
            follow(submit(command), outcome);
            repository.deployedBranch(command.getRefName());
        } catch (StoaException e) {
            outcome.failed(e);
        } catch (RuntimeException | IOException e) {
            LOG.log(Level.ERROR, "a push failed app=" + app, e);
            outcome.failed(Deployment.unforeseen(new UncheckedIOException(new IOException(e))));
        } finally {
            outcome.settle();
        }
    }

    private final class Deployed {
        private final ReceiveCommand command;
        private Optional<StoaException> failure = Optional.of(Deployment.cancelled());

        Deployed(ReceiveCommand command) {
            this.command = command;
        }

        void failed(StoaException e) {
            failure = Optional.of(e);
        }

        void done() {
            failure = Optional.empty();
        }

        void settle() {
            failure.ifPresent(e -> {
                reject(command, e);
                if (command.getType() != ReceiveCommand.Type.CREATE) {
                    say("       %s stays at %s; nothing that served has changed"
                            .formatted(
                                    name(command),
                                    command.getOldId().abbreviate(7).name()));
                }
            });
        }
    }

    private Deploy submit(ReceiveCommand command) throws IOException {
        RevCommit commit;
        try (RevWalk commits = new RevWalk(repository.repository())) {
            commit = commits.parseCommit(command.getNewId());
        }
        String id = commit.abbreviate(7).name();
        String subject = subject(commit);
        say("-----> %s at %s: %s".formatted(name(command), id, subject));
        return apps.deploy(
                app.value(),
                "Push of %s: %s".formatted(id, subject),
                file -> GitTree.pack(repository.repository(), commit, file, this::say));
    }

    private void follow(Deploy deploy, Deployed outcome) throws InterruptedException {
        try {
            apps.followDeploy(app.value(), deploy.id(), event -> {
                switch (event) {
                    case DeployEvent.Line line -> say(line.text());
                    case DeployEvent.End end -> ended(end.deploy(), outcome);
                }
            });
        } catch (InterruptedException e) {
            if (clientHasGone) {
                apps.cancelDeploy(app.value(), deploy.id());
            } else {
                outcome.failed(new StoaException(
                        ErrorCode.SHUTTING_DOWN,
                        "the platform is stopping; its next start goes on with the deploy",
                        "push again then, so that the branch moves"));
            }
            throw e;
        }
    }

    private static void ended(Deploy deploy, Deployed outcome) {
        if (deploy.state().equals("done")) {
            outcome.done();
        } else {
            outcome.failed(deploy.problem()
                    .map(problem -> new StoaException(ErrorCode.BUILD_FAILED, problem.detail(), problem.hint()))
                    .orElseGet(Deployment::cancelled));
        }
    }

    private static StoaException refused(Throwable error) {
        return switch (error) {
            case StoaException known -> known;
            case TooLargeObjectInPackException _ ->
                new StoaException(
                        ErrorCode.TOO_LARGE,
                        "a file in the history is larger than %d MB".formatted(FILE_BYTES_MAX >> 20),
                        """
                        keep it out of git, and let the build or the app download it
                        the largest files of the last commit: git ls-tree -r -l HEAD | sort -n -k 4 | tail
                        out of the last commit: git rm --cached FILE && git commit --amend
                        out of the history: git filter-repo --strip-blobs-bigger-than %dM""".formatted(FILE_BYTES_MAX >> 20));
            case TooLargePackException _ ->
                new StoaException(
                        ErrorCode.TOO_LARGE,
                        "the push has more than %d MB".formatted(Uploads.BYTES_MAX >> 20),
                        "push a part of the history first: git push stoa OLDER-COMMIT:refs/heads/part");
            case OutOfMemoryError _ ->
                new StoaException(
                        ErrorCode.TOO_BUSY,
                        "the platform has too little memory for the differences between large files that were pushed",
                        """
                        send large files whole: git -c core.bigFileThreshold=10m push stoa main
                        if git has packed them already: git -c core.bigFileThreshold=10m repack -a -d -F""");
            default ->
                DiskFull.causes(error)
                        ? Deployment.unforeseen(new UncheckedIOException(new IOException(error)))
                        : new StoaException(
                                ErrorCode.BAD_ARCHIVE,
                                "what was pushed is damaged or not whole: " + error.getMessage(),
                                "git fsck says whether the repository here is sound",
                                error);
        };
    }

    private void reject(ReceiveCommand command, StoaException why) {
        say(why.problem());
        String reason = firstLine(why.message());
        command.setResult(
                Result.REJECTED_OTHER_REASON,
                reason.length() > REASON_CHARS_MAX ? reason.substring(0, REASON_CHARS_MAX - 1) + "…" : reason);
    }

    private void say(Problem problem) {
        say("error: " + problem.detail());
        problem.hint().lines().forEach(line -> say("  " + line));
    }

    private void say(String text) {
        try {
            OutputStream messages = pack.getMessageOutputStream();
            messages.write((text + "\n").getBytes(StandardCharsets.UTF_8));
            messages.flush();
        } catch (IOException e) {
            // The heartbeat finds out whether anybody listens.
            LOG.log(Level.DEBUG, "nobody listens to a push app=" + app, e);
        }
    }

    private static String name(ReceiveCommand command) {
        return Repository.shortenRefName(command.getRefName());
    }

    private static String subject(RevCommit commit) {
        String subject = commit.getShortMessage().replaceAll("\\p{Cntrl}", " ").strip();
        return subject.length() > SUBJECT_CHARS_MAX ? subject.substring(0, SUBJECT_CHARS_MAX - 1) + "…" : subject;
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }
}
