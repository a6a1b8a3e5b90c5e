-- The manifest of a build got sections: [build] with more than the buildpack, [release] with more than the command.
update builds
set manifest = ((manifest::jsonb - 'buildpack' - 'release') || jsonb_build_object(
    'build', jsonb_strip_nulls(jsonb_build_object('buildpack', manifest::jsonb -> 'buildpack'))
        || '{"buildpacks": [], "env": []}',
    'release', jsonb_strip_nulls(jsonb_build_object('command', manifest::jsonb -> 'release')),
    'network', '{"allow": []}'::jsonb,
    'crons', '{}'::jsonb))::text;
