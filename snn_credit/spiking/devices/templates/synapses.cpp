{# Brian's template of the same name, for synapses from every neuron to every neuron without delay:
   synapse number _source*N_post + _target needs neither a queue nor tables of indices. #}
{# USES_VARIABLES { N_post } #}
{% extends 'common_synapses.cpp' %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% set _space = pathway.variables[pathway.eventspace_name] %}
    {% set _events = get_array_name(_space) %}
    {% set _row = row(vector_code) %}
    const int32_t _number_of_targets = {{constant_or_scalar('N_post', variables['N_post'])}};
    const int32_t _number_of_events = {{_events}}[_num{{_space.name}} - 1];
    for (int32_t _event = 0; _event < _number_of_events; _event++)
    {
        const int32_t _source = {{_events}}[_event];
        const size_t _first = (size_t)_source * _number_of_targets;
        {{_row.before|autoindent}}
        for (int32_t _target = 0; _target < _number_of_targets; _target++)
        {
            const size_t _idx = _first + _target;
            const size_t _vectorisation_idx = _idx;
            {{_row.each|autoindent}}
        }
        {{_row.after|autoindent}}
    }
{% endblock %}
