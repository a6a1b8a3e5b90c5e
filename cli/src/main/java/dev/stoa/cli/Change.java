package dev.stoa.cli;

import dev.stoa.api.AppName;
import dev.stoa.api.Deploy;
import dev.stoa.api.StoaException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** A change of an app that people see as one line: {@code Restarting shop... done, v14}. */
final class Change {
    /** How a line begins that is worth reading though all went well. */
    private static final String NOTE = "       NOTE: ";

    private final Session session;

    Change(Session session) {
        this.session = session;
    }

    /**
     * @param rolling what the line says when instances are replaced
     * @param stored  what it says when nothing runs that could be
     */
    int run(String rolling, String stored, BiFunction<Client, AppName, Deploy> request) {
        return session.withApp((client, app) -> {
            Terminal terminal = session.terminal();
            Deploy deploy = request.apply(client, app);
            boolean atOnce = deploy.state().equals("done");
            terminal.print((atOnce && deploy.release().isEmpty() ? stored : rolling).formatted(app) + "... ");
            List<String> notes = new ArrayList<>();
            Deploy ended = atOnce ? deploy : follow(deploy, notes);
            String release = ended.release().map(r -> ", " + r).orElse("");
            terminal.show(ended, () -> terminal.line("done" + release));
            if (terminal.json()) {
                terminal.note("done" + release);
            }
            notes.forEach(terminal::note);
            return 0;
        });
    }

    /** Shows a change that is on its way as such a line, which is no result of its own. */
    static void follow(Session session, Deploy deploy, String words) {
        Terminal terminal = session.terminal();
        terminal.print(words + "... ");
        boolean atOnce = deploy.state().equals("done");
        List<String> notes = new ArrayList<>();
        Deploy ended = atOnce ? deploy : new Change(session).follow(deploy, notes);
        terminal.line("done" + ended.release().map(release -> ", " + release).orElse(""));
        notes.forEach(terminal::note);
    }

    private Deploy follow(Deploy deploy, List<String> notes) {
        List<String> lines = new ArrayList<>();
        try {
            Deploy ended = new DeployStream(session.client(), session.terminal(), deploy)
                    .follow(lines::add)
                    .deploy();
            lines.stream().filter(line -> line.startsWith(NOTE)).forEach(notes::add);
            return ended;
        } catch (StoaException e) {
            session.terminal().line("failed");
            lines.forEach(session.terminal()::note);
            throw e;
        }
    }
}
