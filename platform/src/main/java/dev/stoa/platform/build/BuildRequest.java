package dev.stoa.platform.build;

import dev.stoa.api.AppName;
import dev.stoa.api.Manifest;
import java.nio.file.Path;

/**
 * What to build.
 *
 * @param app      for whom
 * @param tenant   on whose behalf the commands run
 * @param source   the unpacked code; the build works in this folder, and afterwards it is the slug
 * @param cache    kept from one build of the app to the next; never used by two builds at once
 * @param manifest what {@code stoa.toml} says, or {@link Manifest#EMPTY}
 */
public record BuildRequest(AppName app, int tenant, Path source, Path cache, Manifest manifest) {}
