/** Cloud Native Buildpacks: the lifecycle of the Buildpack API without images. Start reading at {@code CloudNativeBuild}. */
@NullMarked
package dev.stoa.platform.build.cnb;

import org.jspecify.annotations.NullMarked;
