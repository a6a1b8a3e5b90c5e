package dev.stoa.platform.build;

import dev.stoa.api.Procfile;

/** Anything that its Procfile starts as it is: a binary, a script. */
final class ProcfileBuildpack implements Buildpack {
    @Override
    public String name() {
        return "procfile";
    }

    @Override
    public String looksFor() {
        return Procfile.NAME;
    }

    @Override
    public boolean detects(SourceFolder source) {
        return source.has(Procfile.NAME)
                || source.manifest().processes().values().stream()
                        .anyMatch(p -> p.command().isPresent());
    }

    @Override
    public Built build(BuildContext context) {
        context.detail("nothing to build: the Procfile's commands run as they are");
        return Built.NOTHING;
    }
}
