-- The manifest of a build got more sections: [edge], [routing], and the resources.
update builds
set manifest = (manifest::jsonb || '{"edge": {"compress": [], "allow": [], "deny": [], "errors": {}, "redirects": [], "rewrites": [],
    "headers": {}, "accessLog": true, "trace": true}, "routing": {"sticky": false, "protocol": "HTTP_1_1"}, "resources": {"wishes": []}}'::jsonb)::text;

-- The number of instances became a range.
update builds
set manifest = jsonb_set(manifest::jsonb, '{processes}', (
    select coalesce(jsonb_object_agg(type, case jsonb_typeof(process -> 'instances')
        when 'number' then process || jsonb_build_object('instances', jsonb_build_object(
            'min', process -> 'instances', 'max', process -> 'instances'))
        else process
    end), '{}'::jsonb)
    from jsonb_each(manifest::jsonb -> 'processes') as each (type, process)))::text;
