package dev.stoa.platform.build;

import dev.stoa.api.Procfile;

/** A site of files. */
final class StaticBuildpack implements Buildpack {
    private final StaticSite site;

    StaticBuildpack(StaticSite site) {
        this.site = site;
    }

    @Override
    public String name() {
        return "static";
    }

    @Override
    public String looksFor() {
        return "index.html";
    }

    /** With a Procfile the page belongs to a server that the app brings. */
    @Override
    public boolean detects(SourceFolder source) {
        return !source.has(Procfile.NAME) && StaticSite.root(source).isPresent();
    }

    @Override
    public Built build(BuildContext context) throws InterruptedException {
        return site.serve(context, StaticSite.root(context.source()).orElse("."), false);
    }
}
