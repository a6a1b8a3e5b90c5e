-- The manifest of a build got more sections: [edge], [routing], and the resources.
update builds
set manifest = (manifest::jsonb || '{"edge": {}, "routing": {}, "resources": {"wishes": []}}'::jsonb)::text;
