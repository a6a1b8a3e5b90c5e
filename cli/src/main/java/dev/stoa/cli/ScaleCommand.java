package dev.stoa.cli;

import dev.stoa.api.ProcessType;
import dev.stoa.api.Requests.Scale;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "scale", description = "Say how many instances of a process type to run; without words, show it.")
final class ScaleCommand implements Callable<Integer> {
    private static final int INSTANCES_MAX = 1000;

    private final Session session;

    @Parameters(paramLabel = "TYPE=COUNT", arity = "0..*", description = "Such as web=3 or worker=0.")
    private List<String> words = List.of();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    ScaleCommand(Session session) {
        this.session = session;
    }

    private Map<String, Integer> wanted() {
        Map<String, Integer> wanted = new LinkedHashMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            String count = word.substring(equals + 1);
            if (equals < 1 || !count.matches("\\d{1,4}") || Integer.parseInt(count) > INSTANCES_MAX) {
                throw new ParameterException(
                        command.commandLine(),
                        "\"%s\" is not TYPE=COUNT with a count from 0 to %d, such as web=3"
                                .formatted(word, INSTANCES_MAX));
            }
            wanted.put(word.substring(0, equals), Integer.valueOf(count));
        }
        return wanted;
    }

    @Override
    public Integer call() {
        Map<String, Integer> wanted = wanted();
        Terminal terminal = session.terminal();
        List<ProcessType> types = session.withApp((client, app) -> wanted.isEmpty()
                ? client.list(Client.path("apps", app.value(), "processes"), ProcessType.class)
                : client.postForList(Client.path("apps", app.value(), "scale"), new Scale(wanted), ProcessType.class));
        terminal.show(types, () -> {
            Table table = new Table("PROCESS", "INSTANCES", "COMMAND");
            types.forEach(type -> table.row(type.type(), String.valueOf(type.instances()), type.command()));
            table.print(terminal);
        });
        return 0;
    }
}
