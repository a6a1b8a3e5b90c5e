package dev.stoa.cli;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Resource;
import dev.stoa.api.ResourceRequests.Changed;
import dev.stoa.api.ResourceRequests.Restore;
import dev.stoa.api.StoaException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "cache", description = "List the caches. Valkey or Redis, as the platform's machine has it installed.")
final class CacheCommand implements Callable<Integer> {
    static final ResourceCommand.Kind KIND =
            new ResourceCommand.Kind("cache", "cache", List.of("plan", "memory", "keys", "persistent"));

    private final Session session;

    private CacheCommand(Session session) {
        this.session = session;
    }

    /** With what can be done with one of them. */
    static CommandLine line(Session session) {
        CommandLine line = new CommandLine(new CacheCommand(session))
                .addSubcommand(new CreateOne(session))
                .addSubcommand(new ResourceCommand.PrintUrl(session, KIND))
                .addSubcommand(new Flush(session))
                .addSubcommand(new RestoreOne(session));
        return ResourceCommand.with(line, session, KIND);
    }

    @Override
    public Integer call() {
        return new ResourceCommand.ListAll(session, KIND).call();
    }

    @Command(name = "create", description = "Make a cache. With -a APP, give it to that app.")
    static final class CreateOne extends NewResource {
        @Option(
                names = "--plan",
                paramLabel = "PLAN",
                description = "small (64 MB, the default), medium (256 MB), large (1 GB) or xlarge (4 GB).")
        private Optional<String> plan = Optional.empty();

        @Option(
                names = "--eviction",
                paramLabel = "POLICY",
                description = "What goes when it is full: allkeys-lru (the default), noeviction (the default of a"
                        + " persistent one) and what else the server knows.")
        private Optional<String> eviction = Optional.empty();

        @Option(names = "--persistent", description = "What it holds outlives its server.")
        private boolean persistent;

        @Option(
                names = "--engine",
                paramLabel = "ENGINE",
                description = "valkey or redis; the one that is installed unless told.")
        private Optional<String> engine = Optional.empty();

        CreateOne(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Map<String, String> settings = new LinkedHashMap<>();
            plan.ifPresent(value -> settings.put("plan", value));
            eviction.ifPresent(value -> settings.put("eviction", value));
            engine.ifPresent(value -> settings.put("engine", value));
            if (persistent) {
                settings.put("persistent", "true");
            }
            return create(KIND, settings);
        }
    }

    @Command(
            name = "restore",
            description = "Make a persistent cache again that was destroyed in the last 30 days, with what it held.")
    static final class RestoreOne implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "NAME", description = "Of the cache that was destroyed.")
        private String name = "";

        @Option(names = "--as", paramLabel = "NAME", description = "Of the new cache; the same unless told.")
        private Optional<String> as = Optional.empty();

        RestoreOne(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            Changed made = session.client().post(KIND.path("restore"), new Restore(name, as), Changed.class);
            return ResourceCommand.report(
                    session,
                    made,
                    "Restored the cache %s.".formatted(made.resource().name()));
        }
    }

    @Command(name = "flush", description = "Make a cache forget everything. Of a persistent one its name is asked for.")
    static final class Flush extends NamedResource {
        @Option(
                names = "--confirm",
                paramLabel = "NAME",
                description = "The name again, instead of being asked for it.")
        private Optional<String> confirm = Optional.empty();

        Flush(Session session) {
            super(session);
        }

        @Override
        public Integer call() {
            Terminal terminal = session.terminal();
            Resource cache = session.client().get(KIND.path(name()) + ResourceCommand.asking(session), Resource.class);
            if (Boolean.parseBoolean(cache.settings().get("persistent"))) {
                confirmed(terminal, cache.name());
            }
            Resource flushed = session.client().post(KIND.path(cache.name(), "actions", "flush"), Resource.class);
            terminal.show(flushed, () -> terminal.line("%s holds nothing any more.".formatted(flushed.name())));
            return 0;
        }

        private void confirmed(Terminal terminal, String exact) {
            Optional<String> said = confirm.or(() -> terminal.asks()
                    ? terminal.ask("%s is persistent. Its name, to make it forget everything: ".formatted(exact))
                    : Optional.empty());
            if (said.filter(word -> word.strip().equals(exact)).isEmpty()) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "%s is persistent, so its name is asked for before it forgets everything; nothing was done"
                                .formatted(exact),
                        "to go on: stoa cache flush %s --confirm %s".formatted(exact, exact));
            }
        }
    }
}
