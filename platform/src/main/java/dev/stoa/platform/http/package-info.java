/** The machinery of the API: endpoints that describe themselves, problem details, tokens. */
@NullMarked
package dev.stoa.platform.http;

import org.jspecify.annotations.NullMarked;
