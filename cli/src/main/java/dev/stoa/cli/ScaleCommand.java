package dev.stoa.cli;

import dev.stoa.api.InstanceRange;
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

@Command(
        name = "scale",
        description = {
            "Say how many instances of a process type to run; without words, show it.",
            "web=3 is a fixed number; web=0..10 lets the requests decide; web=auto goes back to what stoa.toml says."
        })
final class ScaleCommand implements Callable<Integer> {
    private final Session session;

    @Parameters(
            paramLabel = "TYPE=COUNT|MIN..MAX|auto",
            arity = "0..*",
            description = "Such as web=3, web=0..10, web=auto or worker=0.")
    private List<String> words = List.of();

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    ScaleCommand(Session session) {
        this.session = session;
    }

    private Map<String, String> wanted() {
        Map<String, String> wanted = new LinkedHashMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            String count = word.substring(equals + 1);
            if (equals < 1
                    || (!count.equals(Scale.AUTO) && InstanceRange.parse(count).isEmpty())) {
                throw new ParameterException(
                        command.commandLine(),
                        "\"%s\" is not TYPE=COUNT with a count from 0 to %d, such as web=3, nor a range such as web=0..10, nor web=auto"
                                .formatted(word, InstanceRange.INSTANCES_MAX));
            }
            wanted.put(word.substring(0, equals), count);
        }
        return wanted;
    }

    @Override
    public Integer call() {
        Map<String, String> wanted = wanted();
        Terminal terminal = session.terminal();
        List<ProcessType> types = session.withApp((client, app) -> wanted.isEmpty()
                ? client.list(Client.path("apps", app.value(), "processes"), ProcessType.class)
                : client.postForList(Client.path("apps", app.value(), "scale"), new Scale(wanted), ProcessType.class));
        terminal.show(types, () -> {
            Table table = new Table("PROCESS", "INSTANCES", "COMMAND");
            types.forEach(type -> table.row(type.type(), type.shown(), type.command()));
            table.print(terminal);
        });
        return 0;
    }
}
