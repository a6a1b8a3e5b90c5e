package dev.stoa.cli;

import dev.stoa.api.Deploy;
import dev.stoa.api.Requests.ChangeConfig;
import dev.stoa.api.ResourceRequests.ManagedVar;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "config", description = "Print an app's config vars as K=V.")
final class ConfigCommand implements Callable<Integer> {
    private final Session session;

    ConfigCommand(Session session) {
        this.session = session;
    }

    @Override
    public Integer call() {
        Terminal terminal = session.terminal();
        List<ManagedVar> managed = new ArrayList<>();
        Map<?, ?> config = session.withApp((client, app) -> {
            String path = Client.path("apps", app.value(), "config");
            managed.addAll(client.list(path + "/managed", ManagedVar.class));
            return client.get(path, Map.class);
        });
        Map<String, String> sorted = new TreeMap<>();
        config.forEach((key, value) -> sorted.put(String.valueOf(key), String.valueOf(value)));
        terminal.show(sorted, () -> sorted.forEach((key, value) -> terminal.line(key + "=" + value)));
        // Beside the result, which programs read.
        managed.stream()
                .collect(Collectors.groupingBy(
                        var -> var.kind() + " " + var.resource(),
                        TreeMap::new,
                        Collectors.mapping(ManagedVar::name, Collectors.joining(", "))))
                .forEach((resource, names) -> terminal.note("managed by the %s: %s".formatted(resource, names)));
        return 0;
    }

    private static int change(Session session, String verb, ChangeConfig request, Iterable<String> names) {
        String what = verb + " " + String.join(", ", names);
        return new Change(session)
                .run(
                        what + " and restarting %s",
                        what + " on %s",
                        (client, app) ->
                                client.patch(Client.path("apps", app.value(), "config"), request, Deploy.class));
    }

    @Command(name = "set", description = "Set config vars, which makes a new release and restarts the app.")
    static final class Set implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "K=V", arity = "1..*", description = "Such as LOG_LEVEL=debug.")
        private List<String> words = List.of();

        @Spec
        @SuppressWarnings("NullAway.Init")
        private CommandSpec command;

        Set(Session session) {
            this.session = session;
        }

        private Map<String, String> vars() {
            Map<String, String> vars = new LinkedHashMap<>();
            for (String word : words) {
                int equals = word.indexOf('=');
                if (equals < 1) {
                    // Not the word itself: it may be a secret.
                    throw new ParameterException(
                            command.commandLine(),
                            "word %d is not K=V, such as LOG_LEVEL=debug".formatted(words.indexOf(word) + 1));
                }
                vars.put(word.substring(0, equals), word.substring(equals + 1));
            }
            return vars;
        }

        @Override
        public Integer call() {
            Map<String, String> vars = vars();
            return change(session, "Setting", new ChangeConfig(vars, List.of()), vars.keySet());
        }
    }

    @Command(name = "unset", description = "Remove config vars, which makes a new release and restarts the app.")
    static final class Unset implements Callable<Integer> {
        private final Session session;

        @Parameters(paramLabel = "K", arity = "1..*", description = "Such as LOG_LEVEL.")
        private List<String> names = List.of();

        Unset(Session session) {
            this.session = session;
        }

        @Override
        public Integer call() {
            return change(session, "Unsetting", new ChangeConfig(Map.of(), names), names);
        }
    }
}
