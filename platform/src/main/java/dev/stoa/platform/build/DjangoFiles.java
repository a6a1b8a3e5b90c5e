package dev.stoa.platform.build;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Collects the static files of a Django project, as Heroku does. */
final class DjangoFiles {
    private static final String SWITCH = "DISABLE_COLLECTSTATIC";

    private DjangoFiles() {}

    static void collect(BuildContext context, DjangoProject project, List<Path> readable) throws InterruptedException {
        Map<String, String> settings = new HashMap<>(context.manifest().env());
        settings.putAll(context.config());
        String disabled = settings.getOrDefault(SWITCH, "");
        if (!disabled.isEmpty() && !disabled.equals("0")) {
            context.detail("%s is set: the static files are not collected".formatted(SWITCH));
            return;
        }
        Map<String, String> env = new HashMap<>(settings);
        env.put("PATH", PythonEnvironment.path(context));
        env.put("PYTHONUNBUFFERED", "1");
        context.step("Collecting static files");
        String command = "python %s collectstatic --noinput".formatted(project.manage());
        BuildContext.Outcome outcome = context.outcome(command, env, readable);
        if (outcome.status() == 0) {
            outcome.printed().stream()
                    .filter(line -> line.contains(" static file"))
                    .forEach(context::show);
        } else if (outcome.says("without having set the STATIC_ROOT setting")) {
            context.detail("settings.py sets no STATIC_ROOT: there is nothing to collect");
        } else if (outcome.says("Unknown command: 'collectstatic'")) {
            context.detail("django.contrib.staticfiles is not among the INSTALLED_APPS: there is nothing to collect");
        } else {
            outcome.printed().forEach(context::show);
            throw new StoaException(
                    ErrorCode.BUILD_FAILED,
                    "%s failed with exit status %d".formatted(command, outcome.status()),
                    "the last lines of the build's output say why. Config vars are not there during a build unless they are named"
                            + " under [build] in stoa.toml:  env = [\"SECRET_KEY\"]; or leave the step out with %s = \"1\" under [env]"
                                    .formatted(SWITCH));
        }
    }
}
