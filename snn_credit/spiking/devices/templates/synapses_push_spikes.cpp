{# Nothing: without a delay, the pathway reads its source's events itself. #}
{% extends 'common_group.cpp' %}
