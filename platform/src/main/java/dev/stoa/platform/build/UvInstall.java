package dev.stoa.platform.build;

import dev.stoa.platform.base.Shell;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** With uv, from its lock file. */
record UvInstall(String project, String lock) implements PythonInstall {
    private static final BuildContext.KnownFailure STALE = new BuildContext.KnownFailure(
            Pattern.compile("lockfile .*needs to be updated"),
            "uv.lock does not fit pyproject.toml",
            "run \"uv lock\", commit uv.lock, and deploy again");

    @Override
    public List<String> ingredients() {
        return List.of("uv", project, lock);
    }

    /** A dependency in a folder of the source is copied, and may be new in each deploy. */
    @Override
    public boolean keeps() {
        return !lock.contains("source = { directory =") && !lock.contains("source = { path =");
    }

    @Override
    public void into(PythonEnvironment environment) throws InterruptedException {
        BuildContext context = environment.context();
        Optional<Toolchains.Tool> there = context.tools().standalone("uv");
        String uv = there.isPresent() ? Shell.quote(there.get().program().toString()) : environment.tool("uv", "uv");
        Map<String, String> env = new HashMap<>(Map.of(
                "UV_CACHE_DIR",
                context.cache("uv").toString(),
                "UV_LINK_MODE",
                "copy",
                "UV_NO_PROGRESS",
                "1",
                "UV_PYTHON",
                environment.python().program().toString(),
                "UV_PYTHON_DOWNLOADS",
                "never",
                "UV_PROJECT_ENVIRONMENT",
                context.mount() + "/" + PythonEnvironment.VENV));
        environment.alsoReadable(there.map(Toolchains.Tool::readable).orElse(List.of()));
        context.step("Installing dependencies with uv");
        String command = "uv sync --locked --no-default-groups";
        environment.run(
                command,
                "rm -rf %s && %s%s && %s"
                        .formatted(PythonEnvironment.VENV, uv, command.substring("uv".length()), environment.sign()),
                env,
                List.of(STALE));
        environment.shim("uv");
        DependencyCache.boundDownloads(context, context.cache("uv"));
    }
}
